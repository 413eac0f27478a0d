import type { ClaimedDelivery } from "@bulk/store/webhooks/claim-delivery";
import { type PostResult, postWebhook, type WebhookConnections } from "@bulk/webhooks/post-webhook";
import type { ResolveName } from "@bulk/webhooks/resolve-name";
import { signatureHeaders } from "@bulk/webhooks/sign";
import { openSecret } from "@bulk/webhooks/signing-secret";
import type { TargetPolicy } from "@bulk/webhooks/target";
import type { WebhookEvent } from "@bulk/wire/webhook-event";
import type { EventRequest } from "./webhook-event.ts";

export type SendTools = {
  /** Decrypts the signing secrets of the endpoints. */
  readonly secretKey: Uint8Array;
  readonly policy: TargetPolicy;
  readonly resolve: ResolveName;
  /** The time-out of one request. */
  readonly timeoutMs: number;
};

/** The result of a request. */
export type SendResult = PostResult | { readonly kind: "unanswered"; readonly fault: "secret_unreadable" };

/** The progress of the requests of a page. */
export type Sent = {
  /** How many requests, counted from the first, got a 2xx. */
  readonly delivered: number;
  /** The result of the request after them; of the last one if all were delivered. */
  readonly last: SendResult | undefined;
};

/** Most requests to one receiver at a time. */
export const REQUESTS_AT_ONCE = 4;

/**
 * Sends requests, four at a time, until one fails or `mayContinue` returns `false`. Requests after a failed one are not
 * counted as delivered, and are sent again with it.
 */
export async function sendEvents(
  requests: readonly EventRequest[],
  delivery: ClaimedDelivery,
  connections: WebhookConnections,
  mayContinue: () => boolean,
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
    if (failed !== -1 || !mayContinue()) break;
  }
  return { delivered, last };
}

/** Returns whether the receiver responded with a 2xx. */
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
  // A previous secret that a lost key encrypted is left out: replacing it was the reason for the rotation.
  const previous = sealedPreviousSecret === null ? undefined : tryOpen(sealedPreviousSecret, key, endpointId);
  return previous === undefined ? [secret] : [secret, previous];
}

// Returns `undefined` for a secret that another WEBHOOK_SECRET_KEY encrypted.
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
