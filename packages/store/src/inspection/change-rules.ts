import { type ChunkEffect, changesOf } from "../chunks/chunk-effect.ts";
import type { Queryable } from "../database.ts";

/**
 * A rule of the database's own that may overrule an action. `trigger`: runs before each row is changed, and may keep it
 * as it is; `rule`: replaces the statement (`CREATE RULE`), which PostgreSQL refuses in the statements of an action;
 * `policy`: row security is in force for this user.
 */
export type ChangeRule = {
  readonly table: string;
  readonly change: "delete" | "update" | "insert";
  readonly kind: "trigger" | "rule" | "policy";
  /** Quoted where it needs it; for row security the table's, since policies add up. */
  readonly name: string;
};

/** The rules that concern these changes by the user of this connection. Needs no right. */
export function findChangeRules(
  database: Queryable,
  effects: readonly Pick<ChunkEffect, "table" | "change" | "follow">[],
): Promise<readonly ChangeRule[]> {
  const asked = effects.flatMap(changesOf);
  const tables = asked.map(({ table }) => table.sql);
  const changes = asked.map(({ change }) => change.kind);
  return database.$queryRaw`
    WITH asked AS (
      SELECT DISTINCT name AS "table", change, to_regclass(name)::oid AS id
      FROM unnest(${tables}::text[], ${changes}::text[]) AS effect (name, change)
    )
    SELECT "table", change, 'trigger' AS kind, quote_ident(tgname) AS name
    FROM asked JOIN pg_trigger ON tgrelid = id
    -- Bits of tgtype: 1 each row, 2 before, 4 on insert, 8 on delete, 16 on update, 64 instead of. Not those that are switched off.
    WHERE NOT tgisinternal AND tgtype::int & 1 > 0 AND tgtype::int & 66 > 0 AND tgenabled IN ('O', 'A')
      AND tgtype::int & CASE change WHEN 'delete' THEN 8 WHEN 'insert' THEN 4 ELSE 16 END > 0
    UNION ALL
    SELECT "table", change, 'rule', quote_ident(rulename) FROM asked JOIN pg_rewrite ON ev_class = id
    WHERE ev_type = CASE change WHEN 'delete' THEN '4' WHEN 'insert' THEN '3' ELSE '2' END AND ev_enabled IN ('O', 'A')
    UNION ALL
    SELECT "table", change, 'policy', "table" FROM asked WHERE row_security_active(id)
    ORDER BY 1, 2, 3, 4`;
}
