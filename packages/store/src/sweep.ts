import { keepAudit } from "./audit.ts";
import type { Database, Queryable } from "./database.ts";
import { IS_PAUSED } from "./pauses.ts";

export type SweepOptions = {
  /**
   * Everything enqueued before this moment (the database's clock) has been started by some worker.
   * `undefined`: nothing is known about the queue; then no bulk action is taken for lost.
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
  /** Every chunk finished or canceled, but still open: to be settled. */
  readonly unsettled: readonly string[];
  /** Had lost all their turns; their generation is raised already. */
  readonly restarted: readonly RestartedAction[];
};

/** At most this many of each kind in one sweep; the rest is left to the next. */
const SWEEP_LIMIT = 500;

/**
 * Looks once for what a crash left open. Only one process sweeps at a time; the others get `undefined`.
 */
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

/** The database's clock. */
export async function readClock(database: Database): Promise<Date> {
  const [row] = await database.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  if (row === undefined) throw new Error("SELECT clock_timestamp() returned no row.");
  return row.now;
}

async function findUnsettled(transaction: Queryable): Promise<readonly string[]> {
  const rows = await transaction.$queryRaw<{ id: string }[]>`
    SELECT id FROM bulk_actions
    WHERE status IN ('pending', 'processing')
      AND (cancel_requested_at IS NOT NULL
           OR NOT EXISTS (SELECT FROM bulk_action_chunks
                          WHERE bulk_action_id = bulk_actions.id AND finished_at IS NULL))
    LIMIT ${SWEEP_LIMIT}`;
  return rows.map((row) => row.id);
}

/*
 * Lost: open, not paused, quiet since before the watermark, with a chunk that was due by then, and that chunk is free.
 * A chunk under work is locked, however long it takes, so a slow turn is not taken for a lost one.
 */
function restartLost(transaction: Queryable, watermark: Date): Promise<readonly RestartedAction[]> {
  return transaction.$queryRaw`
    WITH quiet AS (
      SELECT id FROM bulk_actions
      WHERE status IN ('pending', 'processing') AND cancel_requested_at IS NULL
        AND updated_at < ${watermark}::timestamptz AND NOT ${IS_PAUSED}
      ORDER BY updated_at
      LIMIT ${SWEEP_LIMIT}
    ),
    lost AS (
      SELECT quiet.id FROM quiet, LATERAL (
        SELECT FROM bulk_action_chunks chunk
        WHERE chunk.bulk_action_id = quiet.id AND chunk.finished_at IS NULL
          AND chunk.position = (
            SELECT min(position) FROM bulk_action_chunks
            WHERE bulk_action_id = quiet.id AND finished_at IS NULL AND not_before < ${watermark}::timestamptz)
        FOR UPDATE SKIP LOCKED) AS free_chunk
    )
    UPDATE bulk_actions SET generation = generation + 1, updated_at = clock_timestamp()
    -- Looked at again if another's change was waited for: it may have ended meanwhile.
    FROM lost WHERE bulk_actions.id = lost.id
      AND status IN ('pending', 'processing') AND cancel_requested_at IS NULL
    RETURNING bulk_actions.id, action_type AS "actionType", generation, updated_at AS "updatedAt",
      (SELECT count(*)::int FROM bulk_action_chunks
       WHERE bulk_action_id = bulk_actions.id AND finished_at IS NULL) AS "unfinishedChunks"`;
}

/** About so many ids go in one statement, the first bulk action whatever its size; the rest is left to the next. */
const PRUNE_RECORDS = 200_000;

/**
 * Deletes some of what ended longer ago than this, and keeps its audit entry instead, in the one statement; apart
 * from the repairs, which must not wait for it or fail with it. Answers how many it deleted.
 */
export async function pruneEnded(database: Database, retentionDays: number): Promise<number> {
  return await database.$executeRaw`
    WITH old AS MATERIALIZED (
      SELECT id, record_count, finished_at FROM bulk_actions
      WHERE finished_at < now() - make_interval(days => ${retentionDays})
      ORDER BY finished_at LIMIT ${SWEEP_LIMIT}
      FOR UPDATE SKIP LOCKED
    ),
    few AS (SELECT id, sum(record_count) OVER (ORDER BY finished_at, id) - record_count AS before FROM old),
    pruned AS (
      DELETE FROM bulk_actions USING few
      WHERE bulk_actions.id = few.id AND few.before < ${PRUNE_RECORDS}
      RETURNING bulk_actions.*
    )
    ${keepAudit}`;
}
