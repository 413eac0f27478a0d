import type { Database } from "../database.ts";
import { sql } from "../sql.ts";

/** The delivery of one event to one endpoint, and its state. */
export type WebhookDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly eventType: string;
  /** `null`: a test event. */
  readonly bulkActionId: string | null;
  readonly status: "pending" | "succeeded" | "failed";
  readonly attempts: number;
  readonly lastAttemptAt: Date | null;
  /** When it is due or, while it is being sent, when another worker may claim it. */
  readonly nextAttemptAt: Date | null;
  readonly lastResponseCode: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
};

/** Reads one page of the deliveries to an endpoint of the account, newest first, and counts all. */
export async function listWebhookDeliveries(
  database: Database,
  accountId: string,
  endpointId: string,
  { limit, page }: { readonly limit: number; readonly page: number },
): Promise<{ readonly count: number; readonly deliveries: readonly WebhookDelivery[] }> {
  const own = sql`account_id = ${accountId}::uuid AND endpoint_id = ${endpointId}::uuid`;
  const [[total], deliveries] = await Promise.all([
    database.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM bulk.webhook_deliveries WHERE ${own}`,
    database.$queryRaw<WebhookDelivery[]>`
      SELECT ${COLUMNS} FROM bulk.webhook_deliveries delivery WHERE ${own}
      ORDER BY created_at DESC, id DESC LIMIT ${limit} OFFSET ${(page - 1) * limit}`,
  ]);
  return { count: total?.count ?? 0, deliveries };
}

/**
 * Creates a test event for an endpoint of the account. Returns `undefined` if there is no such endpoint, or it is
 * disabled.
 */
export async function createTestDelivery(
  database: Database,
  accountId: string,
  endpointId: string,
  eventType: string,
): Promise<WebhookDelivery | undefined> {
  const [delivery] = await database.$queryRaw<WebhookDelivery[]>`
    INSERT INTO bulk.webhook_deliveries AS delivery (account_id, endpoint_id, event_type, next_attempt_at)
    SELECT account_id, id, ${eventType}, clock_timestamp() FROM bulk.webhook_endpoints
    WHERE id = ${endpointId}::uuid AND account_id = ${accountId}::uuid AND enabled
    RETURNING ${COLUMNS}`;
  return delivery;
}

/** Finds the account's delivery of this id, and whether its endpoint is enabled. */
export async function findWebhookDelivery(
  database: Database,
  accountId: string,
  id: string,
): Promise<(WebhookDelivery & { readonly isEndpointEnabled: boolean }) | undefined> {
  const [delivery] = await database.$queryRaw<(WebhookDelivery & { isEndpointEnabled: boolean })[]>`
    SELECT ${COLUMNS}, endpoint.enabled AS "isEndpointEnabled"
    FROM bulk.webhook_deliveries delivery JOIN bulk.webhook_endpoints endpoint ON endpoint.id = delivery.endpoint_id
    WHERE delivery.id = ${id}::uuid AND delivery.account_id = ${accountId}::uuid`;
  return delivery;
}

/**
 * Makes a delivery due now, with all attempts again. One that succeeded starts from its first page, any other continues
 * where it stopped.
 */
export async function redeliverWebhook(
  database: Database,
  accountId: string,
  id: string,
): Promise<WebhookDelivery | undefined> {
  const [delivery] = await database.$queryRaw<WebhookDelivery[]>`
    UPDATE bulk.webhook_deliveries delivery SET
      position = CASE WHEN status = 'succeeded' THEN 0 ELSE position END,
      status = 'pending', failures = 0, next_attempt_at = clock_timestamp(), finished_at = NULL
    WHERE id = ${id}::uuid AND account_id = ${accountId}::uuid
    RETURNING ${COLUMNS}`;
  return delivery;
}

/** Deletes up to 1,000 old test events. All other events are deleted with their bulk action. */
export async function pruneTestDeliveries(database: Database, retentionDays: number): Promise<number> {
  return await database.$executeRaw`
    DELETE FROM bulk.webhook_deliveries WHERE id IN (
      SELECT id FROM bulk.webhook_deliveries
      WHERE bulk_action_id IS NULL AND created_at < now() - make_interval(days => ${retentionDays})
      LIMIT 1000)`;
}

const COLUMNS = sql`delivery.id, delivery.endpoint_id AS "endpointId", delivery.event_type AS "eventType",
  delivery.bulk_action_id AS "bulkActionId", delivery.status, delivery.attempts,
  delivery.last_attempt_at AS "lastAttemptAt", delivery.next_attempt_at AS "nextAttemptAt",
  delivery.last_response_code AS "lastResponseCode", delivery.last_error AS "lastError",
  delivery.created_at AS "createdAt", delivery.finished_at AS "finishedAt"`;
