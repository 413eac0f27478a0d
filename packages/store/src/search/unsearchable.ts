import { type Sql, sql } from "../sql.ts";

/** The most bulk actions, and about how many ids of them. */
export type ReadSize = { readonly actions: number; readonly records: number };

/**
 * A statement that keeps the planner on `bulk_actions_not_searchable` until the end of the transaction. The index stays as
 * large as it once was, so that to read all bulk actions may look cheaper.
 */
export const BY_INDEX = sql`SELECT set_config('enable_seqscan', 'off', true)`;

/**
 * A query for the newest bulk actions some of whose ids are in no run, and the position from which on they are in none. If one
 * is complete but could not be marked, that is its start.
 */
export function newestUnsearchable({ actions, records }: ReadSize): Sql {
  const newestFirst = sql`created_at DESC, id DESC`;
  return sql`
    SELECT id, created_at,
           (SELECT COALESCE(max(last_to), 0) FROM bulk.record_runs
            WHERE last_id = newest.id AND last_to < newest.record_count) AS position
    FROM (
      SELECT id, created_at, record_count, ${sumBefore(sql`record_count`, newestFirst)} AS records_before
      FROM bulk.bulk_actions WHERE NOT is_searchable ORDER BY ${newestFirst} LIMIT ${actions}) AS newest
    WHERE records_before < ${records}`;
}

/** An expression for the sum of a column over the rows before this one. */
export function sumBefore(column: Sql, order: Sql): Sql {
  return sql`sum(${column}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - ${column}`;
}
