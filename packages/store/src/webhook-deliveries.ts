import type { WebhookEventType } from "@bulk/domain/webhook-event";
import type { Database } from "./database.ts";
import { type Sql, sql } from "./sql.ts";

/** What one endpoint is told of one event, and how far that has got. */
export type WebhookDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly eventType: WebhookEventType;
  /** `null`: an event sent to try the endpoint. */
  readonly bulkActionId: string | null;
  readonly status: "pending" | "succeeded" | "failed";
  readonly attempts: number;
  readonly lastAttemptAt: Date | null;
  /** Due, or, while it is being sent, when another worker may take it. */
  readonly nextAttemptAt: Date | null;
  readonly lastResponseCode: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
};

/** One page of what an endpoint of the account was and is to be told, newest first, and how many in all. */
export async function listWebhookDeliveries(
  database: Database,
  accountId: string,
  endpointId: string,
  { limit, page }: { readonly limit: number; readonly page: number },
): Promise<{ readonly count: number; readonly deliveries: readonly WebhookDelivery[] }> {
  const own = sql`account_id = ${accountId}::uuid AND endpoint_id = ${endpointId}::uuid`;
  const [[total], deliveries] = await Promise.all([
    database.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM webhook_deliveries WHERE ${own}`,
    database.$queryRaw<WebhookDelivery[]>`
      SELECT ${COLUMNS} FROM webhook_deliveries delivery WHERE ${own}
      ORDER BY created_at DESC, id DESC LIMIT ${limit} OFFSET ${(page - 1) * limit}`,
  ]);
  return { count: total?.count ?? 0, deliveries };
}

/** Writes an event that only tries an endpoint of the account; `undefined`: there is none, or it is disabled. */
export async function createTestDelivery(
  database: Database,
  accountId: string,
  endpointId: string,
  eventType: WebhookEventType,
): Promise<WebhookDelivery | undefined> {
  const [delivery] = await database.$queryRaw<WebhookDelivery[]>`
    INSERT INTO webhook_deliveries AS delivery (account_id, endpoint_id, event_type, next_attempt_at)
    SELECT account_id, id, ${eventType}, clock_timestamp() FROM webhook_endpoints
    WHERE id = ${endpointId}::uuid AND account_id = ${accountId}::uuid AND enabled
    RETURNING ${COLUMNS}`;
  return delivery;
}

/** The account's delivery of this id, and whether its endpoint takes any. */
export async function findWebhookDelivery(
  database: Database,
  accountId: string,
  id: string,
): Promise<(WebhookDelivery & { readonly isEndpointEnabled: boolean }) | undefined> {
  const [delivery] = await database.$queryRaw<(WebhookDelivery & { isEndpointEnabled: boolean })[]>`
    SELECT ${COLUMNS}, endpoint.enabled AS "isEndpointEnabled"
    FROM webhook_deliveries delivery JOIN webhook_endpoints endpoint ON endpoint.id = delivery.endpoint_id
    WHERE delivery.id = ${id}::uuid AND delivery.account_id = ${accountId}::uuid`;
  return delivery;
}

/**
 * Makes a delivery due now, with all its attempts before it. One that had succeeded is sent from its first page
 * on, any other goes on where it stopped.
 */
export async function redeliverWebhook(
  database: Database,
  accountId: string,
  id: string,
): Promise<WebhookDelivery | undefined> {
  const [delivery] = await database.$queryRaw<WebhookDelivery[]>`
    UPDATE webhook_deliveries delivery SET
      position = CASE WHEN status = 'succeeded' THEN 0 ELSE position END,
      status = 'pending', failures = 0, next_attempt_at = clock_timestamp(), finished_at = NULL
    WHERE id = ${id}::uuid AND account_id = ${accountId}::uuid
    RETURNING ${COLUMNS}`;
  return delivery;
}

/** A delivery in a sender's hands, with what it takes to send it. */
export type ClaimedDelivery = Pick<WebhookDelivery, "id" | "eventType" | "bulkActionId" | "createdAt"> & {
  readonly accountId: string;
  readonly endpointId: string;
  /** Where it goes on: an index in the bulk action. */
  readonly position: number;
  /** This one included; also tells this claim from a later one. */
  readonly attempts: number;
  /** In a row, before this attempt. */
  readonly failures: number;
  readonly url: string;
  /** One of `RECORD_EVENTS`. */
  readonly recordEvents: string;
  readonly sealedSecret: Uint8Array;
  /** Only while it signs as well. */
  readonly sealedPreviousSecret: Uint8Array | null;
};

/**
 * Takes the endpoint's next due delivery. Nobody else gets it before `leaseMs` are over; a sender that dies
 * leaves it due again then.
 */
export async function claimDelivery(
  database: Database,
  endpointId: string,
  leaseMs: number,
): Promise<ClaimedDelivery | undefined> {
  const [delivery] = await database.$queryRaw<ClaimedDelivery[]>`
    WITH due AS (
      SELECT delivery.id, endpoint.url, endpoint.record_events, endpoint.sealed_secret,
             CASE WHEN endpoint.previous_secret_expires_at > clock_timestamp()
                  THEN endpoint.sealed_previous_secret END AS sealed_previous_secret
      FROM webhook_deliveries delivery JOIN webhook_endpoints endpoint ON endpoint.id = delivery.endpoint_id
      WHERE delivery.endpoint_id = ${endpointId}::uuid AND endpoint.enabled
        AND delivery.next_attempt_at <= clock_timestamp()
      ORDER BY delivery.next_attempt_at LIMIT 1
      FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE webhook_deliveries delivery SET
      attempts = attempts + 1, last_attempt_at = clock_timestamp(),
      next_attempt_at = clock_timestamp() + make_interval(secs => ${leaseMs}::float8 / 1000)
    FROM due WHERE delivery.id = due.id
    RETURNING delivery.id, delivery.account_id AS "accountId", delivery.endpoint_id AS "endpointId",
      delivery.event_type AS "eventType", delivery.bulk_action_id AS "bulkActionId",
      delivery.created_at AS "createdAt", delivery.position, delivery.attempts, delivery.failures,
      due.url, due.record_events AS "recordEvents", due.sealed_secret AS "sealedSecret", due.sealed_previous_secret AS "sealedPreviousSecret"`;
  return delivery;
}

/** What became of an attempt. */
export type AttemptResult = {
  readonly responseCode: number | null;
  /** Why there was no answer, in a word. */
  readonly error: string | null;
  readonly next:
    | { readonly kind: "succeeded" }
    /** The next page, which starts at this index. */
    | { readonly kind: "page"; readonly position: number }
    /** Again, or never again, from this index on: a failure in a row with the one before, if it is the same. */
    | { readonly kind: "retry"; readonly position: number; readonly pauseMs: number }
    | { readonly kind: "failed"; readonly position: number };
};

/** Writes down what became of an attempt, unless the delivery has been claimed again or given up meanwhile. */
export async function recordAttempt(
  database: Database,
  { id, attempts }: Pick<ClaimedDelivery, "id" | "attempts">,
  { responseCode, error, next }: AttemptResult,
): Promise<void> {
  await database.$executeRaw`
    UPDATE webhook_deliveries SET
      last_response_code = ${responseCode}, last_error = ${error}, ${assignments(next)}
    WHERE id = ${id}::uuid AND attempts = ${attempts} AND status = 'pending'`;
}

/** An endpoint with something due. */
export type DueEndpoint = {
  readonly id: string;
  readonly accountId: string;
  /** Its place among the account's due endpoints, from 1: who has waited longest is first. */
  readonly rank: number;
};

/**
 * Endpoints for which something is due: the first of each account, then the second of each, and so on; of the same
 * rank the longest waiting first. So an account with many does not keep the others out of the limit.
 */
export async function findDueEndpoints(database: Database, limit: number): Promise<readonly DueEndpoint[]> {
  return await database.$queryRaw<DueEndpoint[]>`
    SELECT due.id, due.account_id AS "accountId", due.rank
    FROM (SELECT endpoint.id, endpoint.account_id, next.due_at,
                 row_number() OVER (PARTITION BY endpoint.account_id ORDER BY next.due_at, endpoint.id)::int AS rank
          FROM webhook_endpoints endpoint, LATERAL (
            SELECT min(next_attempt_at) AS due_at FROM webhook_deliveries
            WHERE endpoint_id = endpoint.id AND next_attempt_at IS NOT NULL) AS next
          WHERE endpoint.enabled AND next.due_at <= clock_timestamp()) AS due
    ORDER BY due.rank, due.due_at LIMIT ${limit}`;
}

/** Deletes some old test events; all others go with their bulk action. */
export async function pruneTestDeliveries(database: Database, retentionDays: number): Promise<number> {
  return await database.$executeRaw`
    DELETE FROM webhook_deliveries WHERE id IN (
      SELECT id FROM webhook_deliveries
      WHERE bulk_action_id IS NULL AND created_at < now() - make_interval(days => ${retentionDays})
      LIMIT 1000)`;
}

const COLUMNS = sql`delivery.id, delivery.endpoint_id AS "endpointId", delivery.event_type AS "eventType",
  delivery.bulk_action_id AS "bulkActionId", delivery.status, delivery.attempts,
  delivery.last_attempt_at AS "lastAttemptAt", delivery.next_attempt_at AS "nextAttemptAt",
  delivery.last_response_code AS "lastResponseCode", delivery.last_error AS "lastError",
  delivery.created_at AS "createdAt", delivery.finished_at AS "finishedAt"`;

function assignments(next: AttemptResult["next"]): Sql {
  switch (next.kind) {
    case "succeeded":
      return sql`failures = 0, status = 'succeeded', next_attempt_at = NULL, finished_at = clock_timestamp()`;
    case "page":
      return sql`failures = 0, position = ${next.position}, next_attempt_at = clock_timestamp()`;
    case "retry":
      return sql`${failed(next.position)},
        next_attempt_at = clock_timestamp() + make_interval(secs => ${next.pauseMs}::float8 / 1000)`;
    case "failed":
      return sql`${failed(next.position)}, status = 'failed', next_attempt_at = NULL,
        finished_at = clock_timestamp()`;
  }
}

function failed(position: number): Sql {
  return sql`failures = CASE WHEN position = ${position} THEN failures + 1 ELSE 1 END, position = ${position}`;
}
