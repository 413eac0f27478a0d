import type { Database } from "./database.ts";

/** More are not counted: 100,000 took 0.1 to 0.4 s on a busy machine, and are enough work to know of. */
const MOST_CHUNKS = 100_000;

/**
 * How many chunks are not finished, over all accounts, or 100,000 where there are more: the work that is left, which
 * the length of the queue does not tell. Reads an index that has these chunks only.
 */
export async function countUnfinishedChunks(database: Database): Promise<number> {
  const [row] = await database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count
    FROM (SELECT FROM bulk_action_chunks WHERE finished_at IS NULL LIMIT ${MOST_CHUNKS}) AS unfinished`;
  return row?.count ?? 0;
}

/** How long ago, in seconds, the oldest open bulk action was submitted; 0 when none is open. */
export async function readOldestOpenAge(database: Database): Promise<number> {
  const [row] = await database.$queryRaw<{ seconds: number | null }[]>`
    SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS seconds
    FROM bulk_actions WHERE status IN ('pending', 'processing')`;
  return Math.max(0, row?.seconds ?? 0);
}
