import type { Queryable } from "./database.ts";
import type { Sql } from "./sql.ts";

/**
 * A table that somebody else has locked, or is about to, so that no record of `table` can be deleted, whichever: the
 * table itself, or one whose rows a foreign key reads or changes with it. `undefined` when there is none: then a lock
 * that was waited for is one on a row.
 *
 * Reads pg_locks, which asks for no right; a lock that is waited for keeps others out like one that is held.
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export async function findLockedTable(database: Queryable, table: Sql): Promise<string | undefined> {
  const [locked] = await database.$queryRaw<{ name: string }[]>`
    WITH RECURSIVE touched (id, how) AS (
      SELECT to_regclass(${table.sql})::oid, 'deleted'
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
