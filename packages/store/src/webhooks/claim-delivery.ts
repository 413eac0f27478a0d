import type { Database } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import type { WebhookDelivery } from "./webhook-deliveries.ts";

/** A delivery claimed by a sender, with everything needed to send it. */
export type ClaimedDelivery = Pick<WebhookDelivery, "id" | "eventType" | "bulkActionId" | "createdAt"> & {
  readonly accountId: string;
  readonly endpointId: string;
  /** The index in the bulk action that it continues from. */
  readonly position: number;
  /** This attempt included. Also identifies the claim: a later one has a higher number. */
  readonly attempts: number;
  /** Consecutive failures before this attempt. */
  readonly failures: number;
  readonly url: string;
  /** One of `RECORD_EVENTS`. */
  readonly recordEvents: string;
  readonly sealedSecret: Uint8Array;
  /** Null unless the previous secret still signs. */
  readonly sealedPreviousSecret: Uint8Array | null;
};

/**
 * Claims the endpoint's next due delivery. No other sender gets it for `leaseMs`; if the sender dies, it is due again
 * after that time.
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
      FROM bulk.webhook_deliveries delivery JOIN bulk.webhook_endpoints endpoint ON endpoint.id = delivery.endpoint_id
      WHERE delivery.endpoint_id = ${endpointId}::uuid AND endpoint.enabled
        AND delivery.next_attempt_at <= clock_timestamp()
      ORDER BY delivery.next_attempt_at LIMIT 1
      FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE bulk.webhook_deliveries delivery SET
      attempts = attempts + 1, last_attempt_at = clock_timestamp(),
      next_attempt_at = clock_timestamp() + make_interval(secs => ${leaseMs}::float8 / 1000)
    FROM due WHERE delivery.id = due.id
    RETURNING delivery.id, delivery.account_id AS "accountId", delivery.endpoint_id AS "endpointId",
      delivery.event_type AS "eventType", delivery.bulk_action_id AS "bulkActionId",
      delivery.created_at AS "createdAt", delivery.position, delivery.attempts, delivery.failures,
      due.url, due.record_events AS "recordEvents", due.sealed_secret AS "sealedSecret",
      due.sealed_previous_secret AS "sealedPreviousSecret"`;
  return delivery;
}

/** The result of an attempt. */
export type AttemptResult = {
  readonly responseCode: number | null;
  /** The reason, in one word, if there was no response. */
  readonly error: string | null;
  readonly next:
    | { readonly kind: "succeeded" }
    /** Send the next page, which starts at this index. */
    | { readonly kind: "page"; readonly position: number }
    /**
     * The page at this index failed, and is sent again or given up. A repeated failure of the same page is consecutive.
     */
    | { readonly kind: "retry"; readonly position: number; readonly pauseMs: number }
    | { readonly kind: "failed"; readonly position: number };
};

/** Writes the result of an attempt, unless the delivery was claimed again or given up meanwhile. */
export async function recordAttempt(
  database: Database,
  { id, attempts }: Pick<ClaimedDelivery, "id" | "attempts">,
  { responseCode, error, next }: AttemptResult,
): Promise<void> {
  await database.$executeRaw`
    UPDATE bulk.webhook_deliveries SET
      last_response_code = ${responseCode}, last_error = ${error}, ${assignments(next)}
    WHERE id = ${id}::uuid AND attempts = ${attempts} AND status = 'pending'`;
}

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
