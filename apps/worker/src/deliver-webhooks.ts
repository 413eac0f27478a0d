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
import {
  openConnections,
  type PostResult,
  postWebhook,
  type WebhookConnections,
} from "@bulk/webhooks/post-webhook";
import type { ResolveName } from "@bulk/webhooks/resolve-name";
import { signatureHeaders } from "@bulk/webhooks/sign";
import { openSecret } from "@bulk/webhooks/signing-secret";
import type { TargetPolicy } from "@bulk/webhooks/target";
import { composeEvent, type EventPage } from "./webhook-event.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

export type WebhookTools = {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, "webhookSent">;
  /** Opens the endpoints' secrets. */
  readonly secretKey: Uint8Array;
  readonly policy: TargetPolicy;
  readonly resolve: ResolveName;
  readonly timeoutMs: number;
};

/** After so long a worker looks after others first. */
const TURN_MS = 1_000;

/** What a request may take beside its time-out: composing, signing, writing down. */
const LEASE_MARGIN_MS = 20_000;

/**
 * Sends an endpoint, one after the other, what is due to it, for about a second. Ends at the first failure, so that
 * a receiver in trouble is not pressed and holds one worker's place for one time-out at most.
 */
export async function deliverWebhooks(
  endpointId: string,
  stopping: AbortSignal,
  tools: WebhookTools,
): Promise<WebhookEnding> {
  const endsAt = performance.now() + TURN_MS;
  const connections = openConnections(1);
  try {
    while (performance.now() < endsAt) {
      if (stopping.aborted) return "idle";
      const delivery = await claimDelivery(tools.database, endpointId, tools.timeoutMs + LEASE_MARGIN_MS);
      if (delivery === undefined) return "idle";
      const kind = await attempt(delivery, connections, tools).catch((error: unknown) => {
        tools.logger.error({ ...identify(delivery), error }, "webhook not sent; it is due again in a moment");
        throw error;
      });
      if (kind === "retry" || kind === "failed") return "idle";
    }
    return "more";
  } finally {
    connections.close();
  }
}

async function attempt(
  delivery: ClaimedDelivery,
  connections: WebhookConnections,
  tools: WebhookTools,
): Promise<AttemptResult["next"]["kind"]> {
  const page = await composeEvent(tools.database, delivery);
  const startedAt = performance.now();
  const result =
    page === undefined
      ? NOTHING_TO_TELL
      : conclude(await send(page, delivery, connections, tools), page, delivery);
  const durationMs = Math.round(performance.now() - startedAt);
  await recordAttempt(tools.database, delivery, result);
  if (page !== undefined) tools.metrics.webhookSent(result.next.kind);
  if (result.responseCode === GONE) {
    const { accountId, endpointId } = delivery;
    await updateWebhookEndpoint(tools.database, accountId, endpointId, { enabled: false });
  }
  logAttempt(delivery, result, durationMs, tools.logger);
  return result.next.kind;
}

const NOTHING_TO_TELL: AttemptResult = { responseCode: null, error: null, next: { kind: "succeeded" } };

/** The receiver wants no more, for ever: RFC 9110, 15.5.11, and Standard Webhooks. */
const GONE = 410;

type SendResult = PostResult | { readonly kind: "unanswered"; readonly fault: "secret_unreadable" };

async function send(
  { event }: EventPage,
  delivery: ClaimedDelivery,
  connections: WebhookConnections,
  { secretKey, policy, timeoutMs, resolve }: WebhookTools,
): Promise<SendResult> {
  const secrets = openSecrets(delivery, secretKey);
  if (secrets === undefined) return { kind: "unanswered", fault: "secret_unreadable" };
  const body = JSON.stringify(event);
  const signature = signatureHeaders({ id: event.id, body, sentAt: new Date() }, secrets);
  const headers = {
    ...signature,
    "content-type": "application/json",
    "user-agent": "bulk-actions-webhooks/1",
  };
  const options = { policy, timeoutMs, resolve, connections };
  return await postWebhook({ url: delivery.url, headers, body }, options);
}

function openSecrets(
  { endpointId, sealedSecret, sealedPreviousSecret }: ClaimedDelivery,
  key: Uint8Array,
): readonly [string, ...string[]] | undefined {
  const secret = tryOpen(sealedSecret, key, endpointId);
  if (secret === undefined) return undefined;
  // One of a lost key may stand beside it: that is what it was rotated for.
  const previous = sealedPreviousSecret === null ? undefined : tryOpen(sealedPreviousSecret, key, endpointId);
  return previous === undefined ? [secret] : [secret, previous];
}

// `undefined`: sealed with another WEBHOOK_SECRET_KEY.
function tryOpen(
  sealed: ClaimedDelivery["sealedSecret"],
  key: Uint8Array,
  endpointId: string,
): string | undefined {
  try {
    return openSecret(sealed, key, endpointId);
  } catch {
    return undefined;
  }
}

function conclude(
  result: SendResult,
  { nextPosition }: EventPage,
  { failures }: ClaimedDelivery,
): AttemptResult {
  const responseCode = result.kind === "answered" ? result.status : null;
  const error = result.kind === "unanswered" ? result.fault : null;
  if (responseCode !== null && responseCode >= 200 && responseCode < 300) {
    const next =
      nextPosition === null
        ? ({ kind: "succeeded" } as const)
        : ({ kind: "page", position: nextPosition } as const);
    return { responseCode, error, next };
  }
  const pauseMs = responseCode === GONE ? undefined : pauseAfter(failures + 1, Math.random());
  return {
    responseCode,
    error,
    next: pauseMs === undefined ? { kind: "failed" } : { kind: "retry", pauseMs },
  };
}

function logAttempt(
  delivery: ClaimedDelivery,
  { responseCode, error, next }: AttemptResult,
  durationMs: number,
  logger: Logger,
): void {
  const attempt = { ...identify(delivery), responseCode, fault: error, durationMs };
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
