import type { Queryable } from "@bulk/store/database";
import { textArray } from "@bulk/store/sql";

/** A trigger that a user created. Names are quoted where necessary. */
export type Trigger = {
  readonly name: string;
  /** The table, with its schema. */
  readonly quoted: string;
  readonly timing: "BEFORE" | "AFTER" | "INSTEAD OF";
  readonly firesOnDelete: boolean;
  readonly firesOnUpdate: boolean;
  readonly isPerRow: boolean;
  /** When a deferred constraint trigger runs: at COMMIT. */
  readonly isDeferred: boolean;
  /** False for one that is switched off, or fires on replicas only. */
  readonly isEnabled: boolean;
  readonly function: string;
  /** Whether the text of its function contains NOTIFY or pg_notify. */
  readonly mayNotify: boolean;
};

/** Returns the triggers of these tables that a DELETE or an UPDATE fires, in the order they fire. */
export async function readTriggers(
  database: Queryable,
  tableIds: readonly string[],
): Promise<readonly Trigger[]> {
  return await database.$queryRaw`
    SELECT quote_ident(tgname) AS name, format('%I.%I', space.nspname, relname) AS quoted,
           CASE WHEN tgtype::int & 64 > 0 THEN 'INSTEAD OF' WHEN tgtype::int & 2 > 0 THEN 'BEFORE' ELSE 'AFTER' END
             AS timing,
           tgtype::int & 8 > 0 AS "firesOnDelete", tgtype::int & 16 > 0 AS "firesOnUpdate",
           tgtype::int & 1 > 0 AS "isPerRow", tginitdeferred AS "isDeferred",
           tgenabled IN ('O', 'A') AS "isEnabled",
           format('%I.%I', function_space.nspname, proname) AS function,
           prosrc ~* '\\m(pg_)?notify\\M' AS "mayNotify"
    FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    JOIN pg_namespace space ON space.oid = relnamespace
    JOIN pg_proc ON pg_proc.oid = tgfoid
    JOIN pg_namespace function_space ON function_space.oid = pronamespace
    -- Bits of tgtype: 1 each row, 2 before, 8 on delete, 16 on update, 64 instead of.
    WHERE tgrelid = ANY (${textArray(tableIds)}::oid[]) AND NOT tgisinternal AND tgtype::int & 24 > 0
    ORDER BY quoted, tgname`;
}
