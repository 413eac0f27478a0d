import type { Queryable } from "../database.ts";

/**
 * A rule of the database's own that may decide otherwise about a deletion than an action does. `trigger`: runs before
 * each row is deleted, and may keep it; `rule`: replaces the deletion (`CREATE RULE`), which PostgreSQL refuses in
 * the statements of an action; `policy`: row security is in force for this user.
 */
export type DeletionRule = {
  readonly table: string;
  readonly kind: "trigger" | "rule" | "policy";
  /** Quoted where it needs it; of row security the table's, since policies add up. */
  readonly name: string;
};

/** The rules on these tables that concern deletions by the user of this connection. Asks for no right. */
export function findDeletionRules(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly DeletionRule[]> {
  return database.$queryRaw`
    WITH asked AS (
      SELECT name AS "table", to_regclass(name)::oid AS id FROM unnest(${tables}::text[]) AS name
    )
    SELECT "table", 'trigger' AS kind, quote_ident(tgname) AS name FROM asked JOIN pg_trigger ON tgrelid = id
    -- Bits of tgtype: 1 each row, 2 before, 8 on delete, 64 instead of. Not those that are switched off.
    WHERE NOT tgisinternal AND tgtype::int & 9 = 9 AND tgtype::int & 66 > 0 AND tgenabled IN ('O', 'A')
    UNION ALL
    SELECT "table", 'rule', quote_ident(rulename) FROM asked JOIN pg_rewrite ON ev_class = id
    WHERE ev_type = '4' AND ev_enabled IN ('O', 'A')
    UNION ALL
    SELECT "table", 'policy', "table" FROM asked WHERE row_security_active(id)
    ORDER BY 1, 2, 3`;
}
