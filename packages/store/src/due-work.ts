import type { Database } from "./database.ts";
import { IS_PAUSED } from "./pauses.ts";
import { PROGRESS } from "./progress.ts";

/** At most so many quiet bulk actions are looked at for one whose chunk is free. */
const LOOK_LIMIT = 500;

/**
 * For how many seconds some bulk action has made no progress although a chunk of it is due and free: work that anybody
 * could do, that no operator has paused, and that nobody does. `undefined`: there is none that has made no progress for
 * `quietSeconds`. Restarts by the sweeper are no progress.
 *
 * A chunk under work is locked, so a slow statement is not taken for idleness. The lock here is the weakest that
 * meets that one; it is held for the moment of this statement.
 */
export async function findDueWork(database: Database, quietSeconds: number): Promise<number | undefined> {
  const [due] = await database.$queryRaw<{ quietSeconds: number }[]>`
    SELECT extract(epoch FROM clock_timestamp() - quiet.progressed_at)::int AS "quietSeconds"
    FROM (
      SELECT id, progressed_at FROM bulk_actions, ${PROGRESS}
      WHERE status IN ('pending', 'processing') AND cancel_requested_at IS NULL
        AND progressed_at < clock_timestamp() - make_interval(secs => ${quietSeconds}) AND NOT ${IS_PAUSED}
      ORDER BY updated_at
      LIMIT ${LOOK_LIMIT}
    ) AS quiet, LATERAL (
      SELECT FROM bulk_action_chunks chunk
      WHERE chunk.bulk_action_id = quiet.id AND chunk.finished_at IS NULL
        AND chunk.not_before < clock_timestamp() - make_interval(secs => ${quietSeconds})
      LIMIT 1
      FOR KEY SHARE SKIP LOCKED
    ) AS free_chunk
    LIMIT 1`;
  return due?.quietSeconds;
}
