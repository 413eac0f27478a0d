import type { BulkActionStatus } from "@bulk/domain/bulk-actions/bulk-action";
import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import { tallyOf } from "../bulk-actions/tally.ts";
import type { Database } from "../database.ts";
import { type Sql, sql } from "../sql.ts";

/** An ended bulk action without its records: who did what, and when. */
export type AuditEntry = Tally & {
  readonly bulkActionId: string;
  readonly accountId: string;
  /** Null if the account no longer exists. */
  readonly accountName: string | null;
  readonly actionType: string;
  readonly status: BulkActionStatus;
  readonly recordCount: number;
  readonly notAttempted: number;
  /** The token it was submitted with; null if an operator submitted it, or if unknown. */
  readonly createdByTokenId: string | null;
  readonly cancelRequestedAt: Date | null;
  /** The id of a token, or `admin`. */
  readonly cancelRequestedBy: string | null;
  /** When what it had kept for a restore was deleted on request; null: never. */
  readonly purgedAt: Date | null;
  /** The id of a token, or `admin`. */
  readonly purgedBy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
  /** Null as long as the bulk action itself is stored. */
  readonly prunedAt: Date | null;
  /** SHA-256 of the bulk action's records as CSV (`record-lines.ts`), in hexadecimal; null until it is pruned. */
  readonly digest: string | null;
};

/**
 * The end of a pruning statement: writes the audit entry of each row of the common table expression `pruned`, the
 * deleted rows of `bulk_actions`. The statement still sees their chunks, because it began before the delete.
 *
 * @param digest an expression for the digest of a row `pruned`
 */
export function keepAudit(digest: Sql): Sql {
  return sql`
  INSERT INTO bulk.audit_entries (bulk_action_id, account_id, action_type, status, record_count, deleted_count,
    skipped_count, failed_count, created_by_token_id, cancel_requested_at, cancel_requested_by, purged_at, purged_by,
    created_at, started_at, finished_at, digest)
  SELECT pruned.id, account_id, action_type, status, record_count, applied, skipped, failed, created_by_token_id,
         cancel_requested_at, cancel_requested_by, purged_at, purged_by, created_at, started_at, finished_at,
         ${digest}
  FROM pruned, LATERAL (${tallyOf(sql`pruned.id`)}) AS tally`;
}

export type AuditQuery = {
  /** Of this account only; `undefined`: of all. For operators only. */
  readonly accountId: string | undefined;
  /** Ended at this moment or later. */
  readonly since: Date | undefined;
  readonly limit: number;
};

/** Lists the bulk actions that ended last, pruned or not, latest first. */
export async function listAuditEntries(
  database: Database,
  { accountId, since, limit }: AuditQuery,
): Promise<readonly AuditEntry[]> {
  const latest = sql`
    ${accountId === undefined ? sql`` : sql`AND account_id = ${accountId}::uuid`}
    ${since === undefined ? sql`` : sql`AND finished_at >= ${since}::timestamptz`}
    ORDER BY finished_at DESC LIMIT ${limit}`;
  return await database.$queryRaw`
    SELECT entry.*, "recordCount" - applied - skipped - failed AS "notAttempted",
           (SELECT name FROM bulk.accounts WHERE id = entry."accountId") AS "accountName" FROM (
      (SELECT bulk_action_id AS "bulkActionId", ${COMMON_COLUMNS}, deleted_count AS applied,
              skipped_count AS skipped, failed_count AS failed, pruned_at AS "prunedAt",
              encode(digest, 'hex') AS digest
       FROM bulk.audit_entries WHERE true ${latest})
      UNION ALL
      (SELECT kept.id, ${COMMON_COLUMNS}, tally.applied, tally.skipped, tally.failed, NULL, NULL
       FROM (SELECT * FROM bulk.bulk_actions WHERE finished_at IS NOT NULL ${latest}) AS kept,
            LATERAL (${tallyOf(sql`kept.id`)}) AS tally)
    ) AS entry ORDER BY "finishedAt" DESC, "bulkActionId" LIMIT ${limit}`;
}

const COMMON_COLUMNS = sql`account_id AS "accountId", action_type AS "actionType", status,
  record_count AS "recordCount", created_by_token_id AS "createdByTokenId",
  cancel_requested_at AS "cancelRequestedAt", cancel_requested_by AS "cancelRequestedBy",
  purged_at AS "purgedAt", purged_by AS "purgedBy",
  created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;
