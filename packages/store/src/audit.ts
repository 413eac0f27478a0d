import type { BulkActionStatus } from "@bulk/domain/bulk-action";
import type { Tally } from "@bulk/domain/outcome";
import type { Database } from "./database.ts";
import { csvOfPruned } from "./record-lines.ts";
import { type Sql, sql } from "./sql.ts";
import { tallyOf } from "./tally.ts";

/** Who had what done when: an ended bulk action without its records. */
export type AuditEntry = Tally & {
  readonly bulkActionId: string;
  readonly accountId: string;
  /** Null when the account is no longer there. */
  readonly accountName: string | null;
  readonly actionType: string;
  readonly status: BulkActionStatus;
  readonly recordCount: number;
  readonly notAttempted: number;
  /** The token it was submitted with; null: by an operator, or not known. */
  readonly createdByTokenId: string | null;
  readonly cancelRequestedAt: Date | null;
  /** The id of a token, or `admin`. */
  readonly cancelRequestedBy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
  /** Null as long as the bulk action itself is kept. */
  readonly prunedAt: Date | null;
  /** SHA-256 of the bulk action's records as CSV (`record-lines.ts`), in hexadecimal; null until it is pruned. */
  readonly digest: string | null;
};

/**
 * The end of the pruning statement: writes what is kept of each row of the common table expression `pruned`, the
 * deleted rows of `bulk_actions`. Their chunks are still there for a statement that began before.
 */
export const keepAudit: Sql = sql`
  INSERT INTO audit_entries (bulk_action_id, account_id, action_type, status, record_count, deleted_count,
    skipped_count, failed_count, created_by_token_id, cancel_requested_at, cancel_requested_by, created_at,
    started_at, finished_at, digest)
  SELECT pruned.id, account_id, action_type, status, record_count, deleted, skipped, failed, created_by_token_id,
         cancel_requested_at, cancel_requested_by, created_at, started_at, finished_at,
         sha256(convert_to((${csvOfPruned}), 'UTF8'))
  FROM pruned, LATERAL (${tallyOf(sql`pruned.id`)}) AS tally`;

export type AuditQuery = {
  /** Of this account alone; `undefined`: of all. For operators. */
  readonly accountId: string | undefined;
  /** Ended at this moment or later. */
  readonly since: Date | undefined;
  readonly limit: number;
};

/** What ended last, pruned or not, latest first. */
export async function listAuditEntries(
  database: Database,
  { accountId, since, limit }: AuditQuery,
): Promise<readonly AuditEntry[]> {
  const latest = sql`
    ${accountId === undefined ? sql`` : sql`AND account_id = ${accountId}::uuid`}
    ${since === undefined ? sql`` : sql`AND finished_at >= ${since}::timestamptz`}
    ORDER BY finished_at DESC LIMIT ${limit}`;
  return await database.$queryRaw`
    SELECT entry.*, "recordCount" - deleted - skipped - failed AS "notAttempted",
           (SELECT name FROM accounts WHERE id = entry."accountId") AS "accountName" FROM (
      (SELECT bulk_action_id AS "bulkActionId", ${COMMON_COLUMNS}, deleted_count AS deleted,
              skipped_count AS skipped, failed_count AS failed, pruned_at AS "prunedAt",
              encode(digest, 'hex') AS digest
       FROM audit_entries WHERE true ${latest})
      UNION ALL
      (SELECT kept.id, ${COMMON_COLUMNS}, tally.deleted, tally.skipped, tally.failed, NULL, NULL
       FROM (SELECT * FROM bulk_actions WHERE finished_at IS NOT NULL ${latest}) AS kept,
            LATERAL (${tallyOf(sql`kept.id`)}) AS tally)
    ) AS entry ORDER BY "finishedAt" DESC, "bulkActionId" LIMIT ${limit}`;
}

const COMMON_COLUMNS = sql`account_id AS "accountId", action_type AS "actionType", status,
  record_count AS "recordCount", created_by_token_id AS "createdByTokenId",
  cancel_requested_at AS "cancelRequestedAt", cancel_requested_by AS "cancelRequestedBy",
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;
