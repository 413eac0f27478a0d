import { WebhookVerificationError } from "./errors.ts";
import type { Webhooks } from "./generated/types.gen.ts";

/** An event, told apart by `type`. An installation with records of its own sends events of its own types, too. */
export type WebhookEvent = Webhooks["body"];

/** A request as a receiver gets it. */
export type ReceivedWebhook = {
  /** The body as it came, byte for byte. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Its headers, as `fetch` or Node have them. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
};

export type VerifyOptions = {
  /** The time of now, in milliseconds. */
  readonly now?: number;
  /** How much older or newer a request may be. Default: five minutes. */
  readonly toleranceMs?: number;
};

/**
 * Returns the event of a webhook request that was signed with this secret (Standard Webhooks). Throws
 * `WebhookVerificationError` if it was not, or is too old. An event may come more than once: compare its `id`.
 *
 * @param secret `signing_secret` of the endpoint, `whsec_…`; several during a rotation
 */
export async function verifyWebhook(
  { body, headers }: ReceivedWebhook,
  secret: string | readonly string[],
  { now = Date.now(), toleranceMs = 300_000 }: VerifyOptions = {},
): Promise<WebhookEvent> {
  const [id, timestamp, signatures] = HEADERS.map((name) => readHeader(headers, name));
  const age = Math.abs(now - Number(timestamp) * 1_000);
  if (!/^\d{1,12}$/.test(String(timestamp)) || age > toleranceMs) {
    throw new WebhookVerificationError("The time of the webhook is too far from now.");
  }
  const bytes = typeof body === "string" ? ENCODER.encode(body) : body;
  const signed = join(ENCODER.encode(`${id}.${timestamp}.`), bytes);
  for (const each of [secret].flat()) {
    if (await isSigned(signed, String(signatures), each)) return parse(bytes);
  }
  throw new WebhookVerificationError("The signature of the webhook does not match.");
}

const ENCODER = new TextEncoder();

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

function readHeader(headers: ReceivedWebhook["headers"], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value === "string" && value !== "") return value;
  throw new WebhookVerificationError(`The header ${name} is missing.`);
}

async function isSigned(
  signed: Uint8Array<ArrayBuffer>,
  signatures: string,
  secret: string,
): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256" } as const;
  const key = await crypto.subtle.importKey("raw", readSecret(secret), algorithm, false, ["verify"]);
  for (const signature of signatures.split(" ").slice(0, MOST_SIGNATURES)) {
    const bytes = signature.startsWith("v1,") ? decodeBase64(signature.slice(3)) : undefined;
    // Takes the same time wherever the bytes differ.
    if (bytes !== undefined && (await crypto.subtle.verify("HMAC", key, bytes, signed))) return true;
  }
  return false;
}

/** The service sends two during a rotation. */
const MOST_SIGNATURES = 10;

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}

function readSecret(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64(secret.replace(/^whsec_/, ""));
  if (bytes === undefined || bytes.length === 0)
    throw new TypeError("The secret is not `whsec_` and base64.");
  return bytes;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function parse(bytes: Uint8Array): WebhookEvent {
  return JSON.parse(new TextDecoder().decode(bytes)) as WebhookEvent;
}
