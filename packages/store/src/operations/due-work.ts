import { PROGRESS } from "../bulk-actions/progress.ts";
import type { Database } from "../database.ts";
import { IS_PAUSED } from "./pauses.ts";

/** The most quiet bulk actions that are searched for a free chunk. */
const LOOK_LIMIT = 500;

/**
 * Finds a bulk action that is not paused and has a due, free chunk, but made no progress for `quietSeconds`. Returns
 * the seconds since its last progress; `undefined` if there is none. Restarts by the sweeper are no progress.
 *
 * A chunk under work is locked, so a slow statement does not count as idle. The lock taken here is the weakest that
 * conflicts with that one, and ends with this statement.
 */
export async function findDueWork(database: Database, quietSeconds: number): Promise<number | undefined> {
  const [due] = await database.$queryRaw<{ quietSeconds: number }[]>`
    SELECT extract(epoch FROM clock_timestamp() - quiet.progressed_at)::int AS "quietSeconds"
    FROM (
      SELECT id, progressed_at FROM bulk.bulk_actions, ${PROGRESS}
      WHERE status IN ('pending', 'processing') AND cancel_requested_at IS NULL
        AND progressed_at < clock_timestamp() - make_interval(secs => ${quietSeconds}) AND NOT ${IS_PAUSED}
      ORDER BY updated_at
      LIMIT ${LOOK_LIMIT}
    ) AS quiet, LATERAL (
      SELECT FROM bulk.bulk_action_chunks chunk
      WHERE chunk.bulk_action_id = quiet.id AND chunk.finished_at IS NULL
        AND chunk.not_before < clock_timestamp() - make_interval(secs => ${quietSeconds})
      LIMIT 1
      FOR KEY SHARE SKIP LOCKED
    ) AS free_chunk
    LIMIT 1`;
  return due?.quietSeconds;
}
