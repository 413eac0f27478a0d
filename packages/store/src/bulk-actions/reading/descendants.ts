import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../../database.ts";
import { IS_SUBMISSION } from "../../journal/list-journal.ts";

/** A retry or restore of a bulk action. */
export type Descendant = {
  readonly id: string;
  readonly kind: "retry" | "restore";
  readonly status: BulkActionStatus;
  readonly recordCount: number;
  readonly createdAt: Date;
  /** The name of its token or of the operator; `null` if it is not known any more. */
  readonly createdBy: string | null;
};

/** What the retries of a bulk action, and theirs, have made of its records. */
export type Retried = {
  readonly isOpen: boolean;
  /** Records that they have changed or skipped. No other retry takes these. */
  readonly doneCount: number;
};

/** Reads what the retries of a bulk action have done. For operators only. */
export async function readRetried(database: Database, id: string): Promise<Retried> {
  const [row] = await database.$queryRaw<Retried[]>`
    WITH RECURSIVE kin AS (
      SELECT id, status FROM bulk.bulk_actions WHERE retry_of_id = ${id}::uuid
      UNION ALL
      SELECT retry.id, retry.status FROM kin JOIN bulk.bulk_actions retry ON retry.retry_of_id = kin.id
    )
    SELECT EXISTS (SELECT FROM kin WHERE status IN ('pending', 'processing')) AS "isOpen",
           (SELECT COALESCE(sum(deleted_count + skipped_count), 0)::int
            FROM bulk.bulk_action_chunks WHERE bulk_action_id IN (SELECT id FROM kin)) AS "doneCount"`;
  if (row === undefined) throw new Error("An aggregate returned no row.");
  return row;
}

/** More are not listed. */
const MOST_LISTED = 20;

/** Lists the latest retries and restores of a bulk action, newest first. For operators only. */
export async function listDescendants(database: Database, id: string): Promise<readonly Descendant[]> {
  return await database.$queryRaw<Descendant[]>`
    SELECT id, kind, status, record_count AS "recordCount", created_at AS "createdAt",
           COALESCE((SELECT 'the token ' || name FROM bulk.api_tokens WHERE id = created_by_token_id),
                    (SELECT by FROM bulk.journal WHERE bulk_action_id = descendant.id AND ${IS_SUBMISSION} LIMIT 1)
                   ) AS "createdBy"
    FROM (
      (SELECT 'retry' AS kind, bulk_actions.*
       FROM bulk.bulk_actions WHERE retry_of_id = ${id}::uuid ORDER BY created_at DESC LIMIT ${MOST_LISTED})
      UNION ALL
      (SELECT 'restore', bulk_actions.*
       FROM bulk.bulk_actions WHERE restore_of_id = ${id}::uuid ORDER BY created_at DESC LIMIT ${MOST_LISTED})
    ) AS descendant ORDER BY created_at DESC, id LIMIT ${MOST_LISTED}`;
}
