import type { Database } from "../database.ts";

/** An endpoint with a due delivery. */
export type DueEndpoint = {
  readonly id: string;
  readonly accountId: string;
  /** Its rank among the account's due endpoints, from 1; the one that has waited longest is first. */
  readonly rank: number;
};

/**
 * Finds endpoints with due deliveries: the first of each account, then the second of each, and so on; within a rank the
 * one that has waited longest first. So an account with many endpoints does not crowd the others out of the limit.
 */
export async function findDueEndpoints(database: Database, limit: number): Promise<readonly DueEndpoint[]> {
  return await database.$queryRaw<DueEndpoint[]>`
    SELECT due.id, due.account_id AS "accountId", due.rank
    FROM (SELECT endpoint.id, endpoint.account_id, next.due_at,
                 row_number() OVER (PARTITION BY endpoint.account_id ORDER BY next.due_at, endpoint.id)::int AS rank
          FROM bulk.webhook_endpoints endpoint, LATERAL (
            SELECT min(next_attempt_at) AS due_at FROM bulk.webhook_deliveries
            WHERE endpoint_id = endpoint.id AND next_attempt_at IS NOT NULL) AS next
          WHERE endpoint.enabled AND next.due_at <= clock_timestamp()) AS due
    ORDER BY due.rank, due.due_at LIMIT ${limit}`;
}
