import type { Queryable } from "@bulk/store/database";

/** What a table has beside its columns and keys. */
export type Guards = {
  /** As the planner estimates; null if the table was never analyzed. */
  readonly rowEstimate: number | null;
  readonly partitionCount: number;
  /** Tables that inherit from it, partitions not counted. A key of the table does not hold for their rows. */
  readonly heirCount: number;
  /** Rules (`CREATE RULE`) that replace a DELETE or an UPDATE. */
  readonly rules: readonly string[];
  /** Whether row-level security is on, and whether it is in force for the user of this connection. */
  readonly rowSecurity: "off" | "on" | "in_force";
  /** The policies, as `name (command)`. */
  readonly policies: readonly string[];
};

/** Reads what may keep rows of a table from being changed, and its size. */
export async function readGuards(database: Queryable, tableId: string): Promise<Guards> {
  const [guards] = await database.$queryRaw<Guards[]>`
    SELECT CASE WHEN reltuples >= 0 THEN reltuples::float8 END AS "rowEstimate",
           CASE WHEN NOT relrowsecurity THEN 'off' WHEN row_security_active(pg_class.oid) THEN 'in_force' ELSE 'on' END
             AS "rowSecurity",
           (SELECT count(*)::int FROM pg_inherits WHERE inhparent = pg_class.oid AND relkind = 'p') AS "partitionCount",
           (SELECT count(*)::int FROM pg_inherits WHERE inhparent = pg_class.oid AND relkind <> 'p') AS "heirCount",
           ARRAY(SELECT quote_ident(rulename) FROM pg_rewrite
                 WHERE ev_class = pg_class.oid AND ev_type IN ('2', '4') AND ev_enabled IN ('O', 'A')
                 ORDER BY 1) AS rules,
           ARRAY(SELECT format('%I (%s)', polname, CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                               WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END)
                 FROM pg_policy WHERE polrelid = pg_class.oid ORDER BY 1) AS policies
    FROM pg_class WHERE oid = ${tableId}::oid`;
  if (guards === undefined) throw new Error(`The relation ${tableId} is not in pg_class any more.`);
  return guards;
}
