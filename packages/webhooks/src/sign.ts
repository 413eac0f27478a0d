import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";

export type Message = {
  /** The event's; the same whenever it is sent again. */
  readonly id: string;
  readonly body: string;
  readonly sentAt: Date;
};

/**
 * The headers by which a receiver knows that a message is ours and new, in two schemes: Standard Webhooks,
 * signed with every secret given, and the base contract's, whose one signature is made with the first secret;
 * the latter's key is the secret's text as it was shown.
 *
 * @param secrets as `createSigningSecret` made them, the current one first
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
