import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import type { Database } from "../database.ts";

/** How many records all workers together gave an outcome in one minute. */
export type MinuteRate = Tally & {
  /** Its beginning. */
  readonly minute: Date;
};

/**
 * Reads the rates of the last `minutes`, at most two hours, oldest first, this minute included. Minutes without work are left
 * out. For operators only.
 */
export async function readRates(database: Database, minutes = 60): Promise<readonly MinuteRate[]> {
  return await database.$queryRaw`
    SELECT minute, sum(applied)::int AS applied, sum(skipped)::int AS skipped, sum(failed)::int AS failed
    FROM bulk.rates WHERE minute > clock_timestamp() - make_interval(mins => ${minutes}::int)
    GROUP BY minute ORDER BY minute`;
}
