import { type Sql, sql } from "../sql.ts";

/**
 * An expression that changes with every trigger of these tables. Each foreign key has internal triggers on both of its
 * tables, so it changes with every foreign key as well.
 *
 * The statement that reads it sees each change of a table that it locks: ALTER TABLE and CREATE TRIGGER wait for its lock,
 * or it waits for theirs before it takes its snapshot.
 *
 * @param tableIds an expression of the type oid[]
 */
export function catalogFingerprint(tableIds: Sql): Sql {
  return sql`(
    SELECT md5(COALESCE(string_agg(pg_trigger.oid || ':' || pg_trigger.xmin::text, ',' ORDER BY pg_trigger.oid), ''))
    FROM pg_trigger WHERE tgrelid = ANY (${tableIds}))`;
}
