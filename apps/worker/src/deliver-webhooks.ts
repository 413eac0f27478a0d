import { pauseAfter } from "@bulk/domain/webhook-schedule";
import type { WebhookEnding } from "@bulk/queue/webhook-worker";
import type { Logger } from "@bulk/service/logger";
import type { Database } from "@bulk/store/database";
import {
  type AttemptResult,
  type ClaimedDelivery,
  claimDelivery,
  recordAttempt,
} from "@bulk/store/webhook-deliveries";
import { updateWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import { openConnections, type WebhookConnections } from "@bulk/webhooks/post-webhook";
import { isDelivered, REQUESTS_AT_ONCE, type SendTools, type Sent, sendEvents } from "./send-events.ts";
import { composeEvents, type EventPage } from "./webhook-event.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

export type WebhookTools = SendTools & {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, "webhookSent">;
  /** How long bulk actions are kept. */
  readonly retentionDays: number;
};

/** After so long a worker looks after others first. */
const TURN_MS = 1_000;

/** What a request may take beside its time-out: composing, signing, writing down. */
const LEASE_MARGIN_MS = 20_000;

/**
 * Sends an endpoint what is due to it, for about a second: one delivery after the other, and of one that has a request
 * for each record four requests at a time. Ends at the first failure, so that a receiver in trouble is not pressed and
 * holds one worker's place for one time-out at most.
 */
export async function deliverWebhooks(
  endpointId: string,
  stopping: AbortSignal,
  tools: WebhookTools,
): Promise<WebhookEnding> {
  const endsAt = performance.now() + TURN_MS;
  const mayGoOn = () => !stopping.aborted && performance.now() < endsAt;
  const connections = openConnections(REQUESTS_AT_ONCE);
  try {
    while (mayGoOn()) {
      const delivery = await claimDelivery(tools.database, endpointId, tools.timeoutMs + LEASE_MARGIN_MS);
      if (delivery === undefined) return "idle";
      const kind = await attempt(delivery, connections, mayGoOn, tools).catch((error: unknown) => {
        tools.logger.error({ ...identify(delivery), error }, "webhook not sent; it is due again in a moment");
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
  mayGoOn: () => boolean,
  tools: WebhookTools,
): Promise<AttemptResult["next"]["kind"]> {
  const page = await composeEvents(tools.database, delivery, tools.retentionDays);
  const startedAt = performance.now();
  const sent = page && (await sendEvents(page.requests, delivery, connections, mayGoOn, tools));
  const durationMs = Math.round(performance.now() - startedAt);
  const result = page && sent ? conclude(sent, page, delivery) : NOTHING_TO_TELL;
  await recordAttempt(tools.database, delivery, result);
  if (sent !== undefined) count(sent, result, tools);
  if (result.responseCode === GONE) {
    const { accountId, endpointId } = delivery;
    await updateWebhookEndpoint(tools.database, accountId, endpointId, { enabled: false });
  }
  logAttempt(delivery, result, { requests: sent?.delivered ?? 0, durationMs }, tools.logger);
  return result.next.kind;
}

// Each request that was taken, but for the last, is a page of its own.
function count({ delivered }: Sent, { next }: AttemptResult, { metrics }: WebhookTools): void {
  const isFailure = next.kind === "retry" || next.kind === "failed";
  metrics.webhookSent("page", isFailure ? delivered : Math.max(0, delivered - 1));
  metrics.webhookSent(next.kind, 1);
}

const NOTHING_TO_TELL: AttemptResult = { responseCode: null, error: null, next: { kind: "succeeded" } };

/** The receiver wants no more, for ever: RFC 9110, 15.5.11, and Standard Webhooks. */
const GONE = 410;

function conclude({ delivered, last }: Sent, page: EventPage, delivery: ClaimedDelivery): AttemptResult {
  const responseCode = last?.kind === "answered" ? last.status : null;
  const error = last?.kind === "unanswered" ? last.fault : null;
  const nextPosition = page.requests[delivered]?.position ?? page.nextPosition;
  if (last !== undefined && !isDelivered(last)) {
    // What was delivered before it is a new beginning.
    const isBeginning = delivered > 0 && nextPosition !== null;
    const position = isBeginning ? nextPosition : delivery.position;
    const failures = isBeginning ? 1 : delivery.failures + 1;
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
  /** How many requests were answered with a 2xx, and how long all took. */
  sent: { readonly requests: number; readonly durationMs: number },
  logger: Logger,
): void {
  const attempt = { ...identify(delivery), responseCode, fault: error, ...sent };
  logger.info(attempt, `webhook ${WORDS[next.kind]}`);
}

// Never the URL: its query may hold a secret of the receiver's.
function identify({ id, endpointId, eventType, bulkActionId, attempts }: ClaimedDelivery) {
  return { deliveryId: id, endpointId, eventType, bulkActionId, attempts };
}

const WORDS: Readonly<Record<AttemptResult["next"]["kind"], string>> = {
  succeeded: "delivered",
  page: "page delivered",
  retry: "not delivered; to be tried again",
  failed: "given up",
};
