import { type Sql, sql } from "../../sql.ts";

/** The columns that say for how long, and where, a bulk action keeps the rows that it removes. */
export const KEPT_COLUMNS = sql`restorable_until, kept_slot`;

/**
 * The values of `KEPT_COLUMNS` of a bulk action that is created now and keeps its rows for so many days. Both are null if
 * the condition does not hold, or for 0 days. The database's clock decides the partition: one a day, of 32.
 */
export function keptValues(days: number, condition: Sql): Sql {
  const isKept = sql`${days}::int > 0 AND ${condition}`;
  return sql`CASE WHEN ${isKept} THEN clock_timestamp() + make_interval(days => ${days}::int) END,
    CASE WHEN ${isKept} THEN (floor(extract(epoch FROM clock_timestamp()) / 86400)::int % 32)::smallint END`;
}
