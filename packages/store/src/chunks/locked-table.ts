import type { Queryable } from "../database.ts";
import { type ChunkChange, type ChunkEffect, changesOf } from "./chunk-effect.ts";

/**
 * Finds a table whose lock, held or requested by another session, blocks the effect: a table whose rows it changes or, for
 * a delete, one whose rows a foreign key reads or changes with them. Returns `undefined` if there is none: the statement
 * waited for the lock of a row.
 *
 * Reads pg_locks, which needs no right. A requested lock blocks later ones like a held lock.
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export async function findLockedTable(
  database: Queryable,
  effect: Pick<ChunkEffect, "table" | "change" | "follow">,
): Promise<string | undefined> {
  const changes = changesOf(effect);
  const tables = changes.map(({ table }) => table.sql);
  const hows = changes.map(({ change }) => HOW[change.kind]);
  const [locked] = await database.$queryRaw<{ name: string }[]>`
    WITH RECURSIVE touched (id, how) AS (
      SELECT to_regclass(name)::oid, how FROM unnest(${tables}::text[], ${hows}::text[]) AS change (name, how)
      UNION
      SELECT conrelid, CASE confdeltype WHEN 'c' THEN 'deleted' WHEN 'n' THEN 'changed' WHEN 'd' THEN 'changed'
                                        ELSE 'read' END
      FROM pg_constraint JOIN touched ON confrelid = touched.id AND touched.how = 'deleted'
      WHERE contype = 'f'
    )
    SELECT relation::regclass::text AS name
    FROM pg_locks JOIN touched ON relation = touched.id
    WHERE locktype = 'relation' AND pid IS DISTINCT FROM pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (mode IN ('ExclusiveLock', 'AccessExclusiveLock')
           OR (mode IN ('ShareLock', 'ShareRowExclusiveLock') AND how <> 'read'))
    LIMIT 1`;
  return locked?.name;
}

const HOW: Readonly<Record<ChunkChange["kind"], string>> = {
  delete: "deleted",
  update: "changed",
  insert: "changed",
};
