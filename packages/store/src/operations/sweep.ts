import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { Database, Queryable } from "../database.ts";
import { keepAudit } from "./audit.ts";
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

/** About how many ids one statement prunes: always the first bulk action, whatever its size, and the rest later. */
const PRUNE_RECORDS = 200_000;

/**
 * Deletes some bulk actions that ended more than `retentionDays` ago, with the rows they have kept, and writes their audit
 * entries in the same statement. Spares those of which a restore is open. Call it apart from `sweepOnce`, which must not wait for it or fail with it. Returns how many it deleted.
 */
export async function pruneEnded(
  database: Database,
  retentionDays: number,
  effects: RecordEffects,
): Promise<number> {
  return await database.$executeRaw`
    WITH old AS MATERIALIZED (
      SELECT id, record_count, finished_at FROM bulk.bulk_actions
      WHERE finished_at < now() - make_interval(days => ${retentionDays})
        AND NOT EXISTS (SELECT FROM bulk.bulk_actions restore
                        WHERE restore.restore_of_id = bulk_actions.id AND restore.status IN ('pending', 'processing'))
      ORDER BY finished_at LIMIT ${SWEEP_LIMIT}
      FOR UPDATE SKIP LOCKED
    ),
    few AS (SELECT id, sum(record_count) OVER (ORDER BY finished_at, id) - record_count AS before FROM old),
    pruned AS (
      DELETE FROM bulk.bulk_actions USING few
      WHERE bulk_actions.id = few.id AND few.before < ${PRUNE_RECORDS}
      RETURNING bulk_actions.*
    ),
    unkept AS (
      DELETE FROM bulk.kept_rows USING pruned
      WHERE kept_rows.slot = pruned.kept_slot AND kept_rows.bulk_action_id = pruned.id
    )
    ${keepAudit(effects)}`;
}
