import { NO_PROGRESS } from "@bulk/domain/action-outcome";
import { type BulkAction, type BulkActionStatus, isOpen } from "@bulk/domain/bulk-action";
import { type Admission, hasRoom, KEY_COLUMNS, keyValues, marksKey } from "./admission.ts";
import type { BulkActionProgress } from "./bulk-action-progress.ts";
import { COLUMNS, insertChunks, type RecordIds } from "./bulk-actions.ts";
import type { Database } from "./database.ts";
import { type Sql, sql } from "./sql.ts";

export type NewRetry = Admission & {
  /** The bulk action whose ids are taken up. */
  readonly id: string;
  readonly taking: LeftOver;
  /** Whether the ids come back as well: a hundred thousand take a while. */
  readonly answering: "with_ids" | "without_ids";
  readonly chunkSize: number;
};

/** Which of the ids that were neither deleted nor skipped, by it or by a retry of its kin. */
export type LeftOver = "failed" | "failed_and_untouched";

/** What came of asking for a retry. */
export type Retry =
  | { readonly kind: "created"; readonly bulkAction: BulkActionProgress & Partial<RecordIds> }
  | { readonly kind: "not_found" }
  | { readonly kind: "still_open" }
  /** One of its kin is open. */
  | { readonly kind: "in_progress" }
  /** It has no such id: every one was deleted or skipped since, or it was failed ones that were asked for. */
  | { readonly kind: "nothing_to_retry" }
  /** Its idempotency key is taken, or the account has too many open, or a retry was written at the same moment. */
  | { readonly kind: "not_admitted" };

/**
 * Writes a new bulk action over ids of an ended one that failed or were not attempted, and that none of its kin has
 * deleted or skipped since, in their order: one statement, in which the ids stay in the database. Kin are its retries,
 * the other retries of what it is a retry of, and theirs (docs/decisions/028). Unique indexes decide between retries
 * that are asked for at once: `bulk_actions_open_retry`, and that of the idempotency key.
 */
export async function retryBulkAction(database: Database, retry: NewRetry): Promise<Retry> {
  const [row] = await database.$queryRaw<RetryRow[]>`
    WITH RECURSIVE line AS (
      SELECT * FROM bulk_actions
      WHERE account_id = ${retry.accountId}::uuid AND id = ${retry.id}::uuid
      UNION ALL
      SELECT origin.* FROM line JOIN bulk_actions origin ON origin.id = line.retry_of_id
    ),
    parent AS (SELECT * FROM line WHERE id = ${retry.id}::uuid),
    -- What the line itself has done needs no look: its ids are those that nobody before had done.
    kin AS (
      SELECT retry.id, retry.status FROM line JOIN bulk_actions retry ON retry.retry_of_id = line.id
      WHERE retry.id NOT IN (SELECT id FROM line)
      UNION ALL
      SELECT retry.id, retry.status FROM kin JOIN bulk_actions retry ON retry.retry_of_id = kin.id
    ),
    done AS MATERIALIZED (
      SELECT record_id FROM kin JOIN bulk_action_chunks chunk ON chunk.bulk_action_id = kin.id,
        LATERAL (SELECT unnest(chunk.record_ids[: chunk.done_count])
                 EXCEPT SELECT unnest(chunk.failed_ids)) AS done_of_chunk (record_id)
    ),
    -- A chunk is worked on from its front, so what failed comes first and in its order.
    submitted AS MATERIALIZED (
      SELECT COALESCE(array_agg(record_id ORDER BY position, ordinal), '{}') AS ids
      FROM parent JOIN bulk_action_chunks chunk ON chunk.bulk_action_id = parent.id,
           unnest(${LEFT_OVER[retry.taking]})
             WITH ORDINALITY AS left_over (record_id, ordinal)
      WHERE parent.status NOT IN ('pending', 'processing')
        AND NOT EXISTS (SELECT FROM done WHERE done.record_id = left_over.record_id)
    ),
    bulk_action AS (
      INSERT INTO bulk_actions
        (account_id, action_type, record_count, retry_of_id, created_by_token_id, ${KEY_COLUMNS})
      SELECT account_id, action_type, cardinality(ids), id, ${retry.createdByTokenId ?? null}::uuid,
             ${keyValues(retry)}
      FROM parent, submitted WHERE cardinality(ids) > 0 AND NOT ${IS_KIN_OPEN} AND ${marksKey(retry)}
        AND ${hasRoom(retry)}
      ON CONFLICT DO NOTHING
      RETURNING *
    ),
    chunks AS (${insertChunks(retry.chunkSize)})
    SELECT parent.status AS "parentStatus", ${IS_KIN_OPEN} AS "isKinOpen", cardinality(submitted.ids) AS "leftOverCount",
           CASE WHEN bulk_action.id IS NOT NULL AND ${retry.answering} = 'with_ids' THEN submitted.ids END
             AS "recordIds", ${COLUMNS}
    FROM parent CROSS JOIN submitted LEFT JOIN bulk_action ON true`;
  if (row === undefined) return { kind: "not_found" };
  const { parentStatus, isKinOpen, leftOverCount, recordIds, ...written } = row;
  if (isOpen(parentStatus)) return { kind: "still_open" };
  if (isKinOpen) return { kind: "in_progress" };
  if (leftOverCount === 0) return { kind: "nothing_to_retry" };
  if (written.id === null) return { kind: "not_admitted" };
  const ids = recordIds !== null && { recordIds, skippedIds: [] };
  return { kind: "created", bulkAction: { ...written, ...NO_PROGRESS, ...ids } };
}

const IS_KIN_OPEN = sql`EXISTS (SELECT FROM kin WHERE status IN ('pending', 'processing'))`;

const LEFT_OVER: Readonly<Record<LeftOver, Sql>> = {
  failed: sql`chunk.failed_ids`,
  failed_and_untouched: sql`chunk.failed_ids || chunk.record_ids[chunk.done_count + 1 :]`,
};

/** Whether the account's bulk action of this id has a retry that is open. */
export async function hasOpenRetry(database: Database, accountId: string, id: string): Promise<boolean> {
  const [row] = await database.$queryRaw<{ isOpen: boolean }[]>`
    SELECT EXISTS (SELECT FROM bulk_actions
                   WHERE account_id = ${accountId}::uuid AND retry_of_id = ${id}::uuid
                     AND status IN ('pending', 'processing')) AS "isOpen"`;
  return row?.isOpen === true;
}

type RetryRow = (BulkAction | { readonly id: null }) & {
  readonly parentStatus: BulkActionStatus;
  readonly isKinOpen: boolean;
  readonly leftOverCount: number;
  readonly recordIds: readonly string[] | null;
};
