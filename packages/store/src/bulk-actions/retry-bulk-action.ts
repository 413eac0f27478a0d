import { NO_PROGRESS } from "@bulk/domain/bulk-actions/action-outcome";
import { type BulkAction, type BulkActionStatus, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { notRetriable, tooManyOpen } from "@bulk/domain/errors/refusals";
import type { RequestError } from "@bulk/domain/errors/request-error";
import type { Database } from "../database.ts";
import { RECORD_IDS_ARRAY } from "../record-ids/chunk-ids.ts";
import { jsonOfTexts } from "../record-ids/ids-json.ts";
import { type Sql, sql, textArray } from "../sql.ts";
import type { BulkActionProgress } from "../watching/bulk-action-progress.ts";
import { type Admission, hasRoom } from "./admission.ts";
import { COLUMNS } from "./columns.ts";
import { findReplay, KEY_COLUMNS, keyValues, marksKey, type Replay, replayFailed } from "./idempotency.ts";
import { insertChunks, STORED_AS_BEFORE, slicesAsBefore } from "./insert-chunks.ts";
import { type ListedIds, UNLISTED_IDS } from "./reading/find-bulk-action.ts";
import { KEPT_COLUMNS, keptValues } from "./restoring/kept-columns.ts";

export type NewRetry = Admission & {
  /** The bulk action to retry. */
  readonly id: string;
  readonly taking: LeftOver;
  /** The ids are returned if there are at most so many; 0: never. Reading a hundred thousand takes a while. */
  readonly mostListed: number;
  readonly chunkSize: number;
  /** For how long it can be restored if what it retries could be. */
  readonly keeping: Keeping;
};

export type Keeping = {
  readonly days: number;
  /** The action types that another action takes back. */
  readonly actionTypes: readonly string[];
};

/** Which of the ids to take that neither the bulk action nor a retry of its kin has deleted or skipped. */
export type LeftOver = "failed" | "failed_and_untouched";

/** A new bulk action over the ids that are left, or the one that an earlier request created. */
export type Retry =
  | { readonly kind: "created"; readonly bulkAction: BulkActionProgress & ListedIds }
  | Replay;

/** Returns the id of the bulk action, created now or before. */
export function idOfCreated(creation: Retry): string {
  return creation.kind === "created" ? creation.bulkAction.id : creation.id;
}

/**
 * Writes a new bulk action over the ids of an ended one that failed or were not attempted, in their order. Leaves out
 * ids that its kin has deleted or skipped since. Kin are its retries, the other retries of what it is a retry of, and
 * theirs (docs/decisions/028). It is one statement, in which the ids stay in the database. Unique indexes decide between
 * concurrent retries: `bulk_actions_open_retry`, `bulk_actions_open_restore`, and that of the idempotency key. The retry of
 * a restore is a restore of the same bulk action, and that of a selection has the same filter.
 *
 * Throws what `createBulkAction` throws, and the refusals of `notRetriable`.
 */
export async function retryBulkAction(database: Database, retry: NewRetry): Promise<Retry> {
  let row: RetryRow | undefined;
  try {
    row = await writeRetry(database, retry);
  } catch (error) {
    return await replayFailed(database, retry, error);
  }
  if (row !== undefined && row.id !== null) {
    const { recordIds, ...written } = row;
    const listed = recordIds !== null && { recordIds: jsonOfTexts(written.recordCount, [recordIds]) };
    return { kind: "created", bulkAction: { ...written, ...NO_PROGRESS, ...UNLISTED_IDS, ...listed } };
  }
  const replay = await findReplay(database, retry);
  if (replay === undefined) throw await findRefusal(database, retry, row);
  return replay;
}

async function findRefusal(
  database: Database,
  { accountId, id, taking, maxOpen }: NewRetry,
  row: RetryRow | undefined,
): Promise<RequestError> {
  if (row === undefined) return notRetriable("not_found");
  if (isOpen(row.parentStatus)) return notRetriable("still_open");
  if (row.isKinOpen) return notRetriable("in_progress");
  if (row.leftOverCount === 0)
    return notRetriable(taking === "failed" ? "nothing_failed" : "nothing_to_retry");
  // Another retry may have been written at the same moment, which the statement did not see.
  return (await hasOpenRetry(database, accountId, id)) ? notRetriable("in_progress") : tooManyOpen(maxOpen);
}

async function writeRetry(database: Database, retry: NewRetry): Promise<RetryRow | undefined> {
  const { days, actionTypes } = retry.keeping;
  const isKept = sql`restorable_until IS NOT NULL AND action_type = ANY(${textArray(actionTypes)}::text[])`;
  const [row] = await database.$queryRaw<RetryRow[]>`
    WITH RECURSIVE line AS (
      SELECT * FROM bulk.bulk_actions
      WHERE account_id = ${retry.accountId}::uuid AND id = ${retry.id}::uuid
      UNION ALL
      SELECT origin.* FROM line JOIN bulk.bulk_actions origin ON origin.id = line.retry_of_id
    ),
    parent AS (SELECT * FROM line WHERE id = ${retry.id}::uuid),
    -- The line itself is left out: each of its bulk actions got only ids that those before it had not done.
    kin AS (
      SELECT retry.id, retry.status FROM line JOIN bulk.bulk_actions retry ON retry.retry_of_id = line.id
      WHERE retry.id NOT IN (SELECT id FROM line)
      UNION ALL
      SELECT retry.id, retry.status FROM kin JOIN bulk.bulk_actions retry ON retry.retry_of_id = kin.id
    ),
    done AS MATERIALIZED (
      SELECT record_id FROM kin JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = kin.id,
        LATERAL (SELECT unnest((${RECORD_IDS_ARRAY})[: chunk.done_count])
                 EXCEPT SELECT unnest(chunk.failed_ids)) AS done_of_chunk (record_id)
    ),
    -- A chunk is handled from its front, so its failed ids come first, in their order.
    submitted AS MATERIALIZED (
      SELECT COALESCE(array_agg(record_id ORDER BY position, ordinal), '{}') AS ids,
             array_agg(chunk.source_position ORDER BY position, ordinal)
               FILTER (WHERE chunk.source_position IS NOT NULL) AS sources,
             bool_and(chunk.text_ids IS NULL) AS are_uuids
      FROM parent JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = parent.id,
           unnest(${LEFT_OVER[retry.taking]})
             WITH ORDINALITY AS left_over (record_id, ordinal)
      WHERE parent.status NOT IN ('pending', 'processing')
        AND NOT EXISTS (SELECT FROM done WHERE done.record_id = left_over.record_id)
    ),
    bulk_action AS (
      INSERT INTO bulk.bulk_actions
        (account_id, action_type, record_count, retry_of_id, restore_of_id, filter, created_by_token_id, ${KEY_COLUMNS},
         ${KEPT_COLUMNS})
      SELECT account_id, action_type, cardinality(ids), id, restore_of_id, filter, ${retry.createdByTokenId ?? null}::uuid,
             ${keyValues(retry)}, ${keptValues(days, isKept)}
      FROM parent, submitted WHERE cardinality(ids) > 0 AND NOT ${IS_KIN_OPEN} AND ${marksKey(retry)}
        AND ${hasRoom(retry)}
      ON CONFLICT DO NOTHING
      RETURNING *
    ),
    chunks AS (${insertChunks(slicesAsBefore(retry.chunkSize), STORED_AS_BEFORE)})
    SELECT parent.status AS "parentStatus", ${IS_KIN_OPEN} AS "isKinOpen", cardinality(submitted.ids) AS "leftOverCount",
           CASE WHEN bulk_action.record_count <= ${retry.mostListed}
                THEN array_to_json(submitted.ids)::text END AS "recordIds", ${COLUMNS}
    FROM parent CROSS JOIN submitted LEFT JOIN bulk_action ON true`;
  return row;
}

// Of restores of one bulk action, too, only one may be open.
const IS_KIN_OPEN = sql`(
      EXISTS (SELECT FROM kin WHERE status IN ('pending', 'processing'))
      OR EXISTS (SELECT FROM bulk.bulk_actions restore WHERE restore.restore_of_id = parent.restore_of_id
                   AND restore.status IN ('pending', 'processing')))`;

const LEFT_OVER: Readonly<Record<LeftOver, Sql>> = {
  failed: sql`chunk.failed_ids`,
  failed_and_untouched: sql`chunk.failed_ids || (${RECORD_IDS_ARRAY})[chunk.done_count + 1 :]`,
};

async function hasOpenRetry(database: Database, accountId: string, id: string): Promise<boolean> {
  const [row] = await database.$queryRaw<{ isOpen: boolean }[]>`
    SELECT EXISTS (SELECT FROM bulk.bulk_actions
                   WHERE account_id = ${accountId}::uuid
                     AND (retry_of_id = ${id}::uuid OR restore_of_id = (
                       SELECT restore_of_id FROM bulk.bulk_actions WHERE id = ${id}::uuid))
                     AND status IN ('pending', 'processing')) AS "isOpen"`;
  return row?.isOpen === true;
}

type RetryRow = (BulkAction | { readonly id: null }) & {
  readonly parentStatus: BulkActionStatus;
  readonly isKinOpen: boolean;
  readonly leftOverCount: number;
  /** A text for `parseIds`. */
  readonly recordIds: string | null;
};
