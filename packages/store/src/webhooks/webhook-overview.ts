import type { Database } from "../database.ts";
import { sql } from "../sql.ts";
import type { WebhookDelivery } from "./webhook-deliveries.ts";
import type { WebhookEndpoint } from "./webhook-endpoints.ts";

/** A webhook endpoint as operators see it: of any account, with the state of its deliveries. */
export type WebhookOverview = Omit<WebhookEndpoint, "previousSecretExpiresAt" | "updatedAt"> & {
  readonly accountName: string;
  /** Number of stored deliveries by status. */
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  /** When the delivery that waits longest became due; null if none waits. */
  readonly dueSince: Date | null;
};

/** Lists endpoints, newest first, optionally of one account or with one id. For operators only. */
export async function listWebhookOverviews(
  database: Database,
  { accountId, id, limit }: { readonly accountId?: string; readonly id?: string; readonly limit: number },
): Promise<readonly WebhookOverview[]> {
  const ofAccount = accountId === undefined ? sql`TRUE` : sql`endpoint.account_id = ${accountId}::uuid`;
  const ofId = id === undefined ? sql`TRUE` : sql`endpoint.id = ${id}::uuid`;
  return await database.$queryRaw<WebhookOverview[]>`
    SELECT endpoint.id, endpoint.account_id AS "accountId", account.name AS "accountName", endpoint.url,
           endpoint.description, endpoint.enabled, endpoint.webhook_events AS "webhookEvents",
           endpoint.destination, endpoint.record_events AS "recordEvents", endpoint.created_at AS "createdAt",
           delivery.*
    FROM bulk.webhook_endpoints endpoint JOIN bulk.accounts account ON account.id = endpoint.account_id,
         LATERAL (
      SELECT count(*) FILTER (WHERE status = 'pending')::int AS pending,
             count(*) FILTER (WHERE status = 'succeeded')::int AS succeeded,
             count(*) FILTER (WHERE status = 'failed')::int AS failed,
             min(next_attempt_at) FILTER (WHERE next_attempt_at <= now()) AS "dueSince"
      FROM bulk.webhook_deliveries WHERE endpoint_id = endpoint.id) AS delivery
    WHERE ${ofAccount} AND ${ofId}
    ORDER BY endpoint.created_at DESC, endpoint.id DESC LIMIT ${limit}`;
}

/** Finds the account of a delivery. For operators, who know only the delivery's id. */
export async function findDeliveryOwner(database: Database, deliveryId: string): Promise<string | undefined> {
  const found = await database.webhookDelivery.findUnique({
    select: { accountId: true },
    where: { id: deliveryId },
  });
  return found?.accountId;
}

/** Deliveries that failed and are tried again. */
export type RetriedDeliveries = {
  readonly count: number;
  /** A bulk action whose event one of them has; null if none has. */
  readonly bulkActionId: string | null;
};

/** At most so many endpoints with open deliveries are looked at, and so many deliveries of each. */
const [MOST_ENDPOINTS, MOST_OF_ENDPOINT] = [500, 100];

/**
 * Counts the deliveries that are tried again, of at most 500 endpoints the 100 that are due last: a delivery that failed is due
 * later than one that was not tried. Walks the index of open deliveries, however many others there are. For operators only.
 */
export async function countRetriedDeliveries(database: Database): Promise<RetriedDeliveries> {
  const [found] = await database.$queryRaw<RetriedDeliveries[]>`
    WITH RECURSIVE walk (endpoint_id, step) AS (
      (SELECT endpoint_id, 1 FROM bulk.webhook_deliveries WHERE next_attempt_at IS NOT NULL ORDER BY endpoint_id LIMIT 1)
      UNION ALL
      SELECT following.endpoint_id, step + 1 FROM walk, LATERAL (
        SELECT endpoint_id FROM bulk.webhook_deliveries
        WHERE next_attempt_at IS NOT NULL AND endpoint_id > walk.endpoint_id ORDER BY endpoint_id LIMIT 1) AS following
      WHERE step < ${MOST_ENDPOINTS}
    )
    SELECT count(*)::int AS count, min(bulk_action_id::text) AS "bulkActionId"
    FROM walk, LATERAL (
      SELECT failures, bulk_action_id FROM bulk.webhook_deliveries
      WHERE endpoint_id = walk.endpoint_id AND next_attempt_at IS NOT NULL
      ORDER BY next_attempt_at DESC LIMIT ${MOST_OF_ENDPOINT}) AS open
    WHERE failures > 0`;
  return found ?? { count: 0, bulkActionId: null };
}

/** The delivery of an event of a bulk action, as operators see it. */
export type DeliveryOverview = Pick<
  WebhookDelivery,
  | "id"
  | "eventType"
  | "status"
  | "attempts"
  | "lastResponseCode"
  | "lastError"
  | "lastAttemptAt"
  | "nextAttemptAt"
> & { readonly url: string; readonly isEndpointEnabled: boolean };

/** Lists the deliveries of a bulk action's events, failed ones first, then the latest. For operators only. */
export async function listDeliveriesOf(
  database: Database,
  bulkActionId: string,
  limit: number,
): Promise<readonly DeliveryOverview[]> {
  return await database.$queryRaw<DeliveryOverview[]>`
    SELECT delivery.id, delivery.event_type AS "eventType", delivery.status, delivery.attempts,
           delivery.last_response_code AS "lastResponseCode", delivery.last_error AS "lastError",
           delivery.last_attempt_at AS "lastAttemptAt", delivery.next_attempt_at AS "nextAttemptAt",
           endpoint.url, endpoint.enabled AS "isEndpointEnabled"
    FROM bulk.webhook_deliveries delivery JOIN bulk.webhook_endpoints endpoint ON endpoint.id = delivery.endpoint_id
    WHERE delivery.bulk_action_id = ${bulkActionId}::uuid
    ORDER BY delivery.status = 'failed' DESC, delivery.created_at DESC, delivery.id LIMIT ${limit}`;
}
