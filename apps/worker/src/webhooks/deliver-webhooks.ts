import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { pauseAfter } from "@bulk/domain/webhooks/webhook-schedule";
import type { WebhookEnding } from "@bulk/queue/webhooks/webhook-worker";
import type { Logger } from "@bulk/service/process/logger";
import type { Database } from "@bulk/store/database";
import {
  type AttemptResult,
  type ClaimedDelivery,
  claimDelivery,
  recordAttempt,
} from "@bulk/store/webhooks/claim-delivery";
import { updateWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { openConnections, type WebhookConnections } from "@bulk/webhooks/post-webhook";
import type { WorkerMetrics } from "../observability/worker-metrics.ts";
import { isDelivered, REQUESTS_AT_ONCE, type SendTools, type Sent, sendEvents } from "./send-events.ts";
import { composeEvents, type EventPage } from "./webhook-event.ts";

export type WebhookTools = SendTools & {
  readonly database: Database;
  /** The words for applied records, by action type. */
  readonly effects: RecordEffects;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, "webhookSent">;
  /** How long bulk actions are kept. */
  readonly retentionDays: number;
};

/** How long an endpoint is served before others get their turn. */
const TURN_MS = 1_000;

/** What a delivery may take beside the request time-out: composing, signing, recording. */
const LEASE_MARGIN_MS = 20_000;

/**
 * Sends an endpoint its due deliveries for about a second, one after the other. A delivery with one request per record
 * sends four requests at a time. Ends at the first failure, so that a receiver in trouble gets no further requests and
 * occupies a worker's place for one time-out at most.
 */
export async function deliverWebhooks(
  endpointId: string,
  stopping: AbortSignal,
  tools: WebhookTools,
): Promise<WebhookEnding> {
  const endsAt = performance.now() + TURN_MS;
  const mayContinue = () => !stopping.aborted && performance.now() < endsAt;
  const connections = openConnections(REQUESTS_AT_ONCE);
  try {
    while (mayContinue()) {
      const delivery = await claimDelivery(tools.database, endpointId, tools.timeoutMs + LEASE_MARGIN_MS);
      if (delivery === undefined) return "idle";
      const kind = await attempt(delivery, connections, mayContinue, tools).catch((error: unknown) => {
        tools.logger.error({ ...identify(delivery), error }, "webhook not sent; it will be tried again");
        throw error;
      });
      if (kind === "retry" || kind === "failed") return "idle";
    }
    return stopping.aborted ? "idle" : "more";
  } finally {
    connections.close();
  }
}

async function attempt(
  delivery: ClaimedDelivery,
  connections: WebhookConnections,
  mayContinue: () => boolean,
  tools: WebhookTools,
): Promise<AttemptResult["next"]["kind"]> {
  const page = await composeEvents(tools.database, delivery, tools);
  const startedAt = performance.now();
  const sent = page && (await sendEvents(page.requests, delivery, connections, mayContinue, tools));
  const durationMs = Math.round(performance.now() - startedAt);
  const result = page && sent ? conclude(sent, page, delivery) : NOTHING_TO_SEND;
  await recordAttempt(tools.database, delivery, result);
  if (sent !== undefined) count(sent, result, tools);
  if (result.responseCode === GONE) {
    const { accountId, endpointId } = delivery;
    await updateWebhookEndpoint(tools.database, accountId, endpointId, { enabled: false });
  }
  logAttempt(delivery, result, { requests: sent?.delivered ?? 0, durationMs }, tools.logger);
  return result.next.kind;
}

// Each delivered request but the last is a page of its own.
function count({ delivered }: Sent, { next }: AttemptResult, { metrics }: WebhookTools): void {
  const isFailure = next.kind === "retry" || next.kind === "failed";
  metrics.webhookSent("page", isFailure ? delivered : Math.max(0, delivered - 1));
  metrics.webhookSent(next.kind, 1);
}

const NOTHING_TO_SEND: AttemptResult = { responseCode: null, error: null, next: { kind: "succeeded" } };

/** 410 Gone: the receiver wants no more webhooks (RFC 9110, 15.5.11, and Standard Webhooks). */
const GONE = 410;

function conclude({ delivered, last }: Sent, page: EventPage, delivery: ClaimedDelivery): AttemptResult {
  const responseCode = last?.kind === "answered" ? last.status : null;
  const error = last?.kind === "unanswered" ? last.fault : null;
  const nextPosition = page.requests[delivered]?.position ?? page.nextPosition;
  if (last !== undefined && !isDelivered(last)) {
    // Progress resets the failures.
    const hasAdvanced = delivered > 0 && nextPosition !== null;
    const position = hasAdvanced ? nextPosition : delivery.position;
    const failures = hasAdvanced ? 1 : delivery.failures + 1;
    const pauseMs = responseCode === GONE ? undefined : pauseAfter(failures, Math.random());
    const next =
      pauseMs === undefined
        ? ({ kind: "failed", position } as const)
        : ({ kind: "retry", position, pauseMs } as const);
    return { responseCode, error, next };
  }
  const next =
    nextPosition === null
      ? ({ kind: "succeeded" } as const)
      : ({ kind: "page", position: nextPosition } as const);
  return { responseCode, error, next };
}

function logAttempt(
  delivery: ClaimedDelivery,
  { responseCode, error, next }: AttemptResult,
  /** How many requests got a 2xx, and how long all took. */
  sent: { readonly requests: number; readonly durationMs: number },
  logger: Logger,
): void {
  const attempt = { ...identify(delivery), responseCode, fault: error, ...sent };
  logger.info(attempt, LOG_LINES[next.kind]);
}

// Never logs the URL: its query may hold a secret of the receiver.
function identify({ id, endpointId, eventType, bulkActionId, attempts }: ClaimedDelivery) {
  return { deliveryId: id, endpointId, eventType, bulkActionId, attempts };
}

const LOG_LINES: Readonly<Record<AttemptResult["next"]["kind"], string>> = {
  succeeded: "webhook delivered",
  page: "webhook page delivered",
  retry: "webhook not delivered; to be tried again",
  failed: "webhook given up",
};
