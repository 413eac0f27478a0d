import type { ClaimedDelivery } from "@bulk/store/webhook-deliveries";
import { type PostResult, postWebhook, type WebhookConnections } from "@bulk/webhooks/post-webhook";
import type { ResolveName } from "@bulk/webhooks/resolve-name";
import { signatureHeaders } from "@bulk/webhooks/sign";
import { openSecret } from "@bulk/webhooks/signing-secret";
import type { TargetPolicy } from "@bulk/webhooks/target";
import type { EventRequest, WebhookEvent } from "./webhook-event.ts";

export type SendTools = {
  /** Opens the endpoints' secrets. */
  readonly secretKey: Uint8Array;
  readonly policy: TargetPolicy;
  readonly resolve: ResolveName;
  /** For one request. */
  readonly timeoutMs: number;
};

/** What became of a request. */
export type SendResult = PostResult | { readonly kind: "unanswered"; readonly fault: "secret_unreadable" };

/** How far the requests of a page came. */
export type Sent = {
  /** So many of them, from the first, were answered with a 2xx. */
  readonly delivered: number;
  /** What became of the next one, or of the last where all were. */
  readonly last: SendResult | undefined;
};

/** At most so many requests to one receiver at a time. */
export const REQUESTS_AT_ONCE = 4;

/**
 * Sends requests, four at a time, until one fails or `mayGoOn` says no. Those beside one that failed are not counted:
 * they are sent again with it.
 */
export async function sendEvents(
  requests: readonly EventRequest[],
  delivery: ClaimedDelivery,
  connections: WebhookConnections,
  mayGoOn: () => boolean,
  tools: SendTools,
): Promise<Sent> {
  const secrets = openSecrets(delivery, tools.secretKey);
  if (secrets === undefined)
    return { delivered: 0, last: { kind: "unanswered", fault: "secret_unreadable" } };
  let delivered = 0;
  let last: SendResult | undefined;
  while (delivered < requests.length) {
    const batch = requests.slice(delivered, delivered + REQUESTS_AT_ONCE);
    const results = await Promise.all(
      batch.map(({ event }) => send(event, delivery.url, secrets, connections, tools)),
    );
    const failed = results.findIndex((result) => !isDelivered(result));
    delivered += failed === -1 ? results.length : failed;
    last = results.at(failed);
    if (failed !== -1 || !mayGoOn()) break;
  }
  return { delivered, last };
}

/** Whether the receiver took it. */
export function isDelivered(result: SendResult): boolean {
  return result.kind === "answered" && result.status >= 200 && result.status < 300;
}

type Secrets = readonly [string, ...string[]];

async function send(
  event: WebhookEvent,
  url: string,
  secrets: Secrets,
  connections: WebhookConnections,
  { policy, timeoutMs, resolve }: SendTools,
): Promise<PostResult> {
  const body = JSON.stringify(event);
  const headers = {
    ...signatureHeaders({ id: event.id, body, sentAt: new Date() }, secrets),
    "content-type": "application/json",
    "user-agent": "bulk-actions-webhooks/1",
  };
  return await postWebhook({ url, headers, body }, { policy, timeoutMs, resolve, connections });
}

function openSecrets(
  { endpointId, sealedSecret, sealedPreviousSecret }: ClaimedDelivery,
  key: Uint8Array,
): Secrets | undefined {
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
