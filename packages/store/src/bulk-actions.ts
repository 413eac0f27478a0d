import type { Progress } from "@bulk/domain/action-outcome";
import type { BulkAction, BulkActionStatus } from "@bulk/domain/bulk-action";
import { type Admission, hasRoom, KEY_COLUMNS, keyValues, marksKey, unlessKeyIsTaken } from "./admission.ts";
import { tellOfChange } from "./change-channel.ts";
import type { Database, Queryable } from "./database.ts";
import { type Sql, sql, textArray } from "./sql.ts";
import type { UuidList } from "./uuid-list.ts";
import { announceSettled } from "./webhook-outbox.ts";

export type NewBulkAction = Admission & {
  readonly actionType: string;
  readonly recordIds: UuidList;
  readonly chunkSize: number;
};

export type RecordIds = {
  /** As submitted, in order, duplicates dropped. */
  readonly recordIds: readonly string[];
  /** Those of them that were skipped so far, in the same order. */
  readonly skippedIds: readonly string[];
};

/** A bulk action together with its progress and its ids, as callers see it. */
export type BulkActionWithRecords = BulkAction & Progress & RecordIds;

/**
 * Writes a bulk action and its chunks in one statement. When it returns, the action is durable and will
 * reach a terminal status. Answers `undefined`, with nothing written, when its idempotency key is taken or
 * the account has too many open.
 */
export async function createBulkAction(
  database: Queryable,
  action: NewBulkAction,
): Promise<BulkAction | undefined> {
  const [row] = await database.$queryRaw<BulkAction[]>`
    WITH bulk_action AS (
      INSERT INTO bulk_actions (account_id, action_type, record_count, created_by_token_id, ${KEY_COLUMNS})
      SELECT ${action.accountId}::uuid, ${action.actionType}, ${action.recordIds.ids.length},
             ${action.createdByTokenId ?? null}::uuid, ${keyValues(action)}
      WHERE ${marksKey(action)} AND ${hasRoom(action)}
      ${unlessKeyIsTaken(action)}
      RETURNING *
    ),
    submitted AS MATERIALIZED (SELECT ${action.recordIds.encoded}::uuid[] AS ids),
    chunks AS (${insertChunks(action.chunkSize)})
    SELECT ${COLUMNS} FROM bulk_action`;
  return row;
}

/** Writes the chunks of the common table expressions `bulk_action`, a new row, and `submitted (ids)`. */
export function insertChunks(chunkSize: number): Sql {
  return sql`
      INSERT INTO bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
      SELECT bulk_action.id, position, slice, cardinality(slice)
      FROM bulk_action, submitted,
           generate_series(0, bulk_action.record_count - 1, ${chunkSize}) AS position,
           LATERAL (SELECT submitted.ids[position + 1 : position + ${chunkSize}] AS slice) AS sliced`;
}

/**
 * The account's bulk action of this id, with its ids.
 *
 * @param beforeIds called with how many there are, before they are read; what it throws is thrown
 */
export async function findBulkAction(
  database: Database,
  accountId: string,
  id: string,
  beforeIds?: (recordCount: number) => Promise<void>,
): Promise<BulkActionWithRecords | undefined> {
  const rows = await database.$queryRaw<BulkAction[]>`
    SELECT ${COLUMNS} FROM bulk_actions bulk_action
    WHERE bulk_action.account_id = ${accountId}::uuid AND bulk_action.id = ${id}::uuid`;
  if (rows[0] !== undefined) await beforeIds?.(rows[0].recordCount);
  const [bulkAction] = await attachRecords(database, rows);
  return bulkAction;
}

/** How many ids the account's bulk action of this id has; 0 when there is none. */
export async function countRecords(database: Database, accountId: string, id: string): Promise<number> {
  const [row] = await database.$queryRaw<{ recordCount: number }[]>`
    SELECT record_count AS "recordCount" FROM bulk_actions
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid`;
  return row?.recordCount ?? 0;
}

/**
 * The bulk actions with their submitted and skipped ids, in the order given; one query for all, so that
 * the counts of each agree with its ids.
 */
export async function attachRecords(
  database: Database,
  bulkActions: readonly BulkAction[],
): Promise<readonly BulkActionWithRecords[]> {
  if (bulkActions.length === 0) return [];
  const ids = textArray(bulkActions.map((bulkAction) => bulkAction.id));
  const chunks = await database.$queryRaw<ChunkRecords[]>`
    SELECT bulk_action_id AS "bulkActionId", array_to_string(record_ids, ',') AS "recordIds",
           array_to_string(skipped_ids, ',') AS "skippedIds",
           deleted_count AS deleted, failed_count AS failed,
           progressed_at AS "progressedAt"
    FROM bulk_action_chunks
    WHERE bulk_action_id = ANY(${ids}::uuid[])
    ORDER BY bulk_action_id, position`;
  const chunksByAction = Map.groupBy(chunks, (chunk) => chunk.bulkActionId);
  return bulkActions.map((bulkAction) => ({
    ...bulkAction,
    ...joinChunks(chunksByAction.get(bulkAction.id) ?? []),
  }));
}

/** Ids joined by commas: as an array, which Prisma takes apart id by id, they take four times as long. */
type ChunkRecords = {
  readonly bulkActionId: string;
  readonly recordIds: string;
  readonly skippedIds: string;
  readonly deleted: number;
  readonly failed: number;
  readonly progressedAt: Date | null;
};

function joinChunks(chunks: readonly ChunkRecords[]) {
  const skippedIds = chunks.flatMap((chunk) => splitIds(chunk.skippedIds));
  return {
    recordIds: chunks.flatMap((chunk) => splitIds(chunk.recordIds)),
    skippedIds,
    deleted: chunks.reduce((sum, chunk) => sum + chunk.deleted, 0),
    skipped: skippedIds.length,
    failed: chunks.reduce((sum, chunk) => sum + chunk.failed, 0),
    lastProgressAt: chunks.reduce<Date | null>(
      (latest, { progressedAt }) => later(latest, progressedAt),
      null,
    ),
  };
}

function splitIds(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

function later(one: Date | null, other: Date | null): Date | null {
  return one === null || (other !== null && other > one) ? other : one;
}

/**
 * Turns `pending` into `processing`; does nothing once it has gone further, is canceled or its generation has
 * moved on.
 */
export async function markStarted(database: Database, id: string, generation: number): Promise<void> {
  const startedCount = await database.$executeRaw`
    UPDATE bulk_actions SET status = 'processing', started_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = ${id}::uuid AND generation = ${generation} AND status = 'pending'
      AND cancel_requested_at IS NULL`;
  if (startedCount > 0) await tellOfChange(database, id);
}

/** A turn's mark on its bulk action. */
export type Activity = {
  /** Records that have their outcome, of all. */
  readonly percent: number;
  /** The database's clock: the moment of this activity. */
  readonly updatedAt: Date;
};

/**
 * Notes that a turn of this generation was here and will have a successor. Answers `undefined` when the
 * generation has moved on, or the bulk action is canceled or has ended: then there must be no successor.
 */
export async function recordActivity(
  database: Database,
  id: string,
  generation: number,
): Promise<Activity | undefined> {
  const [activity] = await database.$queryRaw<Activity[]>`
    UPDATE bulk_actions SET updated_at = clock_timestamp()
    WHERE id = ${id}::uuid AND generation = ${generation} AND status IN ('pending', 'processing')
      AND cancel_requested_at IS NULL
    RETURNING updated_at AS "updatedAt",
      (SELECT floor(100 * sum(done_count) / bulk_actions.record_count)::int
       FROM bulk_action_chunks WHERE bulk_action_id = ${id}::uuid) AS percent`;
  if (activity !== undefined) await tellOfChange(database, id);
  return activity;
}

/** What `settle` found. */
export type Settlement =
  | {
      readonly kind: "settled";
      readonly status: BulkActionStatus;
      readonly actionType: string;
      /** Records that a cancel kept from being attempted. */
      readonly notAttempted: number;
    }
  /** Chunks are left. */
  | {
      readonly kind: "open";
      readonly generation: number;
      /** Then other lanes have what is left, and settle when they end. */
      readonly isCanceled: boolean;
      /** Chunks in trouble that may be tried (carefully) now. */
      readonly troubledCount: number;
      /** How long until any chunk may be tried; 0: now. */
      readonly dueInMs: number;
      /** Records that have their outcome, of all. */
      readonly percent: number;
    }
  /** Someone else was faster, or the bulk action is gone. */
  | { readonly kind: "closed" };

/**
 * Writes the terminal status, once, if every chunk is finished, and with it the duty to tell of it by webhook.
 * Safe to call at any time from anywhere.
 *
 * The status follows from the outcomes: `invalid` if every record was skipped; `succeeded` if at least one was deleted
 * and all others were `record.not_found`, so that none of the records is left; otherwise `completed`
 * (docs/decisions/028).
 */
export async function settle(database: Database, id: string): Promise<Settlement> {
  const settlement = await settleFinished(database, id);
  if (settlement.kind !== "open" || !settlement.isCanceled) return settlement;
  await finishUntouched(database, id);
  return await settleFinished(database, id);
}

/*
 * A chunk under work is locked and passed over: whoever has it settles afterwards. A claim that began before
 * the cancel and comes for a chunk after this finds the row changed and looks at it again, so it takes none:
 * https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 */
async function finishUntouched(database: Database, id: string): Promise<void> {
  await database.$executeRaw`
    WITH untouched AS (
      SELECT position FROM bulk_action_chunks
      WHERE bulk_action_id = ${id}::uuid AND finished_at IS NULL
      FOR UPDATE SKIP LOCKED
    )
    UPDATE bulk_action_chunks chunk SET finished_at = clock_timestamp()
    FROM untouched
    WHERE chunk.bulk_action_id = ${id}::uuid AND chunk.position = untouched.position`;
}

async function settleFinished(database: Database, id: string): Promise<Settlement> {
  const [row] = await database.$queryRaw<SettlementRow[]>`
    WITH tally AS (
      SELECT count(*) FILTER (WHERE finished_at IS NULL)::int AS unfinished,
             count(*) FILTER (WHERE finished_at IS NULL AND not_before <= clock_timestamp()
                                AND (attempts > 0 OR slice_size IS NOT NULL))::int AS troubled,
             ceil(1000 * extract(epoch FROM
               min(not_before) FILTER (WHERE finished_at IS NULL) - clock_timestamp()))::int AS due_in_ms,
             sum(done_count) AS done, sum(deleted_count) AS deleted, sum(failed_count) AS failed
      FROM bulk_action_chunks WHERE bulk_action_id = ${id}::uuid
    ),
    settled AS (
      UPDATE bulk_actions SET
        status = CASE WHEN tally.failed > 0 OR tally.done < record_count THEN 'completed'
                      WHEN tally.deleted = 0 THEN 'invalid'
                      WHEN ${isAnyKept(id)} THEN 'completed' ELSE 'succeeded' END,
        started_at = COALESCE(started_at, CASE WHEN tally.done > 0 THEN clock_timestamp() END),
        finished_at = clock_timestamp(), updated_at = clock_timestamp()
      FROM tally
      WHERE id = ${id}::uuid AND status IN ('pending', 'processing') AND tally.unfinished = 0
      RETURNING id, account_id, action_type, status
    ),
    announced AS (${announceSettled})
    SELECT (SELECT status FROM settled) AS "settledStatus", action_type AS "actionType",
           (record_count - done)::int AS "notAttempted", generation, unfinished,
           cancel_requested_at IS NOT NULL AS "isCanceled",
           troubled AS "troubledCount", GREATEST(due_in_ms, 0) AS "dueInMs",
           floor(100 * done / record_count)::int AS percent
    FROM bulk_actions, tally WHERE id = ${id}::uuid`;
  if (row === undefined) return { kind: "closed" };
  if (row.settledStatus !== null) {
    await tellOfChange(database, id);
    const { settledStatus: status, actionType, notAttempted } = row;
    return { kind: "settled", status, actionType, notAttempted };
  }
  if (row.unfinished === 0) return { kind: "closed" };
  const { generation, isCanceled, troubledCount, dueInMs, percent } = row;
  return { kind: "open", generation, isCanceled, troubledCount, dueInMs, percent };
}

// Asked once, at the end. Any other code means that the record is still there, also one that a newer worker wrote.
function isAnyKept(id: string): Sql {
  return sql`EXISTS (SELECT FROM bulk_action_chunks
    WHERE bulk_action_id = ${id}::uuid AND skipped_count > 0 AND NOT skipped_codes <@ '{record.not_found}')`;
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

/** A row of `bulk_actions`, under the name `bulk_action`, as a `BulkAction`. */
export const COLUMNS = sql`bulk_action.id, bulk_action.account_id AS "accountId",
  bulk_action.action_type AS "actionType", bulk_action.status, bulk_action.record_count AS "recordCount",
  bulk_action.created_at AS "createdAt", bulk_action.updated_at AS "updatedAt",
  bulk_action.started_at AS "startedAt", bulk_action.finished_at AS "finishedAt",
  bulk_action.cancel_requested_at AS "cancelRequestedAt", bulk_action.retry_of_id AS "retryOfId",
  (SELECT json_build_object('id', token.id, 'name', token.name) FROM api_tokens token
   WHERE token.account_id = bulk_action.account_id AND token.id = bulk_action.created_by_token_id
  ) AS "createdBy"`;
