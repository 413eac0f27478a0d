import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { Database } from "../database.ts";
import { BARE_CODE } from "../records/bare-code.ts";
import { type Sql, sql } from "../sql.ts";
import { notifyChanged } from "../watching/change-channel.ts";
import { announceSettled } from "../webhooks/webhook-outbox.ts";
import { knownEffects } from "./known-effects.ts";

/** The state that `settle` found or made. */
export type Settlement =
  | {
      readonly kind: "settled";
      readonly status: BulkActionStatus;
      readonly actionType: string;
      /** Records left untouched because of a cancel. */
      readonly notAttempted: number;
    }
  /** Chunks are left. */
  | {
      readonly kind: "open";
      readonly generation: number;
      /** If so, other lanes have the chunks that are left, and settle when they end. */
      readonly isCanceled: boolean;
      /** Chunks in trouble that may be tried (carefully) now. */
      readonly troubledCount: number;
      /** Time until a chunk may be tried; 0: now. */
      readonly dueInMs: number;
      /** Share of the records that have their outcome. */
      readonly percent: number;
    }
  /** Another process settled it first, or the bulk action is gone. */
  | { readonly kind: "closed" };

/**
 * Writes the terminal status, once, if every chunk is finished, and the webhook deliveries that follow from it.
 * Safe to call at any time from anywhere.
 *
 * The status follows from the outcomes: `invalid` if every record was skipped; `succeeded` if the action applied to at
 * least one and all others were `record.not_found` or already as the action leaves them, so that nothing is left to do;
 * otherwise `completed` (docs/decisions/028, 039).
 *
 * @param effects what the actions of this process do
 */
export async function settle(database: Database, id: string, effects: RecordEffects): Promise<Settlement> {
  const settlement = await settleFinished(database, id, effects);
  if (settlement.kind !== "open" || !settlement.isCanceled) return settlement;
  await finishUntouched(database, id);
  return await settleFinished(database, id, effects);
}

/*
 * A chunk under work is locked and skipped: its lane settles afterwards. A claim that began before the cancel and
 * reaches a chunk after this statement finds the row changed, checks its condition again, and takes none:
 * https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
async function finishUntouched(database: Database, id: string): Promise<void> {
  await database.$executeRaw`
    WITH untouched AS (
      SELECT position FROM bulk.bulk_action_chunks
      WHERE bulk_action_id = ${id}::uuid AND finished_at IS NULL
      FOR UPDATE SKIP LOCKED
    )
    UPDATE bulk.bulk_action_chunks chunk SET finished_at = clock_timestamp()
    FROM untouched
    WHERE chunk.bulk_action_id = ${id}::uuid AND chunk.position = untouched.position`;
}

async function settleFinished(database: Database, id: string, effects: RecordEffects): Promise<Settlement> {
  const [row] = await database.$queryRaw<SettlementRow[]>`
    WITH tally AS (
      SELECT count(*) FILTER (WHERE finished_at IS NULL)::int AS unfinished,
             count(*) FILTER (WHERE finished_at IS NULL AND not_before <= clock_timestamp()
                                AND (attempts > 0 OR slice_size IS NOT NULL))::int AS troubled,
             ceil(1000 * extract(epoch FROM
               min(not_before) FILTER (WHERE finished_at IS NULL) - clock_timestamp()))::int AS due_in_ms,
             sum(done_count) AS done, sum(deleted_count) AS applied, sum(failed_count) AS failed
      FROM bulk.bulk_action_chunks WHERE bulk_action_id = ${id}::uuid
    ),
    settled AS (
      UPDATE bulk.bulk_actions SET
        status = CASE WHEN tally.failed > 0 OR tally.done < record_count THEN 'completed'
                      WHEN tally.applied = 0 THEN 'invalid'
                      WHEN ${isAnyLeft(id, effects)} THEN 'completed' ELSE 'succeeded' END,
        started_at = COALESCE(started_at, CASE WHEN tally.done > 0 THEN clock_timestamp() END),
        finished_at = clock_timestamp(), updated_at = clock_timestamp()
      FROM tally
      WHERE id = ${id}::uuid AND status IN ('pending', 'processing') AND tally.unfinished = 0
      RETURNING id, account_id, action_type, status
    ),
    announced AS (${announceSettled(effects)})
    SELECT (SELECT status FROM settled) AS "settledStatus", action_type AS "actionType",
           (record_count - done)::int AS "notAttempted", generation, unfinished,
           cancel_requested_at IS NOT NULL AS "isCanceled",
           troubled AS "troubledCount", GREATEST(due_in_ms, 0) AS "dueInMs",
           floor(100 * done / record_count)::int AS percent
    FROM bulk.bulk_actions, tally WHERE id = ${id}::uuid`;
  if (row === undefined) return { kind: "closed" };
  if (row.settledStatus !== null) {
    await notifyChanged(database, id);
    const { settledStatus: status, actionType, notAttempted } = row;
    return { kind: "settled", status, actionType, notAttempted };
  }
  if (row.unfinished === 0) return { kind: "closed" };
  const { generation, isCanceled, troubledCount, dueInMs, percent } = row;
  return { kind: "open", generation, isCanceled, troubledCount, dueInMs, percent };
}

// Evaluated once, at the end. Any other code, also one that a newer worker wrote, means that the record is as it was.
function isAnyLeft(id: string, effects: RecordEffects): Sql {
  return sql`EXISTS (SELECT FROM bulk.bulk_action_chunks
    WHERE bulk_action_id = ${id}::uuid AND skipped_count > 0
      AND NOT ARRAY(SELECT ${BARE_CODE} FROM unnest(skipped_codes) AS code) <@ ('{record.not_found}'::text[]
      || (SELECT done_codes FROM ${knownEffects(effects)} WHERE known.action_type = bulk_actions.action_type)))`;
}

type SettlementRow = {
  readonly settledStatus: BulkActionStatus | null;
  readonly actionType: string;
  readonly notAttempted: number;
  readonly generation: number;
  readonly unfinished: number;
  readonly isCanceled: boolean;
  readonly troubledCount: number;
  readonly dueInMs: number;
  readonly percent: number;
};
