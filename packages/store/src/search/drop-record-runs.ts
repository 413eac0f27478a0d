import type { Database } from "../database.ts";
import { sql } from "../sql.ts";
import { BLOCKS } from "./record-hash.ts";

/** The most runs that one statement deletes; the rest is left to the next. */
const MOST_RUNS = 100;

/**
 * Deletes runs all of whose bulk actions have been pruned, with their blocks. Until then a search does not find pruned ones
 * either, because it reads the bulk actions themselves. Returns how many runs it deleted.
 */
export async function dropRecordRuns(database: Database): Promise<number> {
  const [dropped] = await database.$queryRaw<{ count: number }[]>`
    WITH dropped AS (
      DELETE FROM bulk.record_runs WHERE id IN (
        SELECT id FROM bulk.record_runs run WHERE NOT EXISTS (${STORED_ACTION}) LIMIT ${MOST_RUNS})
      RETURNING id
    ),
    emptied AS (
      DELETE FROM bulk.record_blocks USING dropped, generate_series(0, ${BLOCKS - 1}) AS number
      WHERE record_blocks.block = number AND record_blocks.run_id = dropped.id
    )
    SELECT count(*)::int AS count FROM dropped`;
  return dropped?.count ?? 0;
}

// OFFSET 0: looked up one by one until one is found, which is nearly always the first.
const STORED_ACTION = sql`
  SELECT FROM unnest(run.bulk_action_ids) AS listed (id),
              LATERAL (SELECT FROM bulk.bulk_actions WHERE id = listed.id OFFSET 0) AS stored`;
