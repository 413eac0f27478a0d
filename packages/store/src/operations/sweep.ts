import type { Database, Queryable } from "../database.ts";
import { IS_PAUSED } from "./pauses.ts";

export type SweepOptions = {
  /**
   * All turns enqueued before this moment (by the database's clock) have been started by a worker. `undefined`: the
   * state of the queue is unknown; then no bulk action counts as lost.
   */
  readonly watermark: Date | undefined;
};

/** A bulk action whose lanes must be started again, under its new generation. */
export type RestartedAction = {
  readonly id: string;
  readonly actionType: string;
  readonly generation: number;
  readonly unfinishedChunks: number;
  readonly updatedAt: Date;
};

export type SweepFindings = {
  /** Bulk actions to settle: all chunks are finished, or it is canceled. */
  readonly unsettled: readonly string[];
  /** Bulk actions that had lost all their turns. Their generation is already raised. */
  readonly restarted: readonly RestartedAction[];
};

/** The most bulk actions of each kind in one sweep; the rest is left to the next. */
const SWEEP_LIMIT = 500;

/** Finds bulk actions that a crash left open. Only one process sweeps at a time; the others get `undefined`. */
export async function sweepOnce(
  database: Database,
  options: SweepOptions,
): Promise<SweepFindings | undefined> {
  return await database.$transaction(
    async (transaction) => {
      const [lock] = await transaction.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(hashtext('bulk_actions.sweeper')) AS taken`;
      if (lock?.taken !== true) return undefined;
      return {
        unsettled: await findUnsettled(transaction),
        restarted: options.watermark === undefined ? [] : await restartLost(transaction, options.watermark),
      };
    },
    { timeout: 30_000, maxWait: 5_000 },
  );
}

async function findUnsettled(transaction: Queryable): Promise<readonly string[]> {
  const rows = await transaction.$queryRaw<{ id: string }[]>`
    SELECT id FROM bulk.bulk_actions
    WHERE status IN ('pending', 'processing')
      AND (cancel_requested_at IS NOT NULL
           OR NOT EXISTS (SELECT FROM bulk.bulk_action_chunks
                          WHERE bulk_action_id = bulk_actions.id AND finished_at IS NULL))
    LIMIT ${SWEEP_LIMIT}`;
  return rows.map((row) => row.id);
}

/*
 * A bulk action is lost if it is open, not paused and quiet since before the watermark, and if a chunk that was due by
 * then is free. A chunk under work is locked, however long it takes, so a slow turn does not count as lost.
 */
function restartLost(transaction: Queryable, watermark: Date): Promise<readonly RestartedAction[]> {
  return transaction.$queryRaw`
    WITH quiet AS (
      SELECT id FROM bulk.bulk_actions
      WHERE status IN ('pending', 'processing') AND cancel_requested_at IS NULL
        AND updated_at < ${watermark}::timestamptz AND NOT ${IS_PAUSED}
      ORDER BY updated_at
      LIMIT ${SWEEP_LIMIT}
    ),
    lost AS (
      SELECT quiet.id FROM quiet, LATERAL (
        SELECT FROM bulk.bulk_action_chunks chunk
        WHERE chunk.bulk_action_id = quiet.id AND chunk.finished_at IS NULL
          AND chunk.position = (
            SELECT min(position) FROM bulk.bulk_action_chunks
            WHERE bulk_action_id = quiet.id AND finished_at IS NULL AND not_before < ${watermark}::timestamptz)
        FOR UPDATE SKIP LOCKED) AS free_chunk
    )
    UPDATE bulk.bulk_actions SET generation = generation + 1, updated_at = clock_timestamp()
    -- Checked again after waiting for a concurrent change: it may have ended meanwhile.
    FROM lost WHERE bulk_actions.id = lost.id
      AND status IN ('pending', 'processing') AND cancel_requested_at IS NULL
    RETURNING bulk_actions.id, action_type AS "actionType", generation, updated_at AS "updatedAt",
      (SELECT count(*)::int FROM bulk.bulk_action_chunks
       WHERE bulk_action_id = bulk_actions.id AND finished_at IS NULL) AS "unfinishedChunks"`;
}
