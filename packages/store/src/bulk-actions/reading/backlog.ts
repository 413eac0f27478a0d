import type { Database } from "../../database.ts";
import { IS_PAUSED } from "../../operations/pauses.ts";

/** More are not counted: 100,000 took 0.1 to 0.4 s on a busy machine. */
const MOST_CHUNKS = 100_000;

/**
 * Counts the unfinished chunks of all accounts, up to 100,000: the work that is left, which the length of the queue
 * does not show. Reads an index that contains only these chunks.
 */
export async function countUnfinishedChunks(database: Database): Promise<number> {
  const [row] = await database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count
    FROM (SELECT FROM bulk.bulk_action_chunks WHERE finished_at IS NULL LIMIT ${MOST_CHUNKS}) AS unfinished`;
  return row?.count ?? 0;
}

/**
 * Counts the unfinished chunks that no pause holds, up to 100,000: while there are any, workers have something to do. Reads
 * them by the open bulk actions.
 */
export async function countUnpausedChunks(database: Database): Promise<number> {
  const [row] = await database.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count
    FROM (SELECT FROM bulk.bulk_actions JOIN bulk.bulk_action_chunks AS chunks ON bulk_action_id = bulk_actions.id
          WHERE status IN ('pending', 'processing') AND chunks.finished_at IS NULL AND NOT ${IS_PAUSED}
          LIMIT ${MOST_CHUNKS}) AS unpaused`;
  return row?.count ?? 0;
}

/** Returns the age of the oldest open bulk action in seconds; 0 if none is open. */
export async function readOldestOpenAge(database: Database): Promise<number> {
  const [row] = await database.$queryRaw<{ seconds: number | null }[]>`
    SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS seconds
    FROM bulk.bulk_actions WHERE status IN ('pending', 'processing')`;
  return Math.max(0, row?.seconds ?? 0);
}
