import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";

export type Message = {
  /** Id of the event; the same for every attempt. */
  readonly id: string;
  readonly body: string;
  readonly sentAt: Date;
};

/**
 * Returns the signature headers of a message in two schemes: Standard Webhooks, signed with every secret, and the base
 * contract's, signed with the first secret. The key of the latter is the text of the secret.
 *
 * @param secrets from `createSigningSecret`, the current one first
 */
export function signatureHeaders(
  { id, body, sentAt }: Message,
  secrets: readonly [string, ...string[]],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(" "),
    "x-webhook-timestamp": timestamp,
    "x-webhook-signature": createHmac("sha256", secrets[0]).update(`${timestamp}.${body}`).digest("hex"),
  };
}
