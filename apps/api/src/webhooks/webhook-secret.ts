import { RequestError } from "@bulk/domain/errors/request-error";
import type { SealedWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { createSigningSecret, openSecret, sealSecret } from "@bulk/webhooks/signing-secret";
import type { ApiContext } from "../context.ts";

/**
 * Creates a secret for this endpoint, in clear for its owner and sealed for the database. Throws if webhooks are not
 * set up.
 */
export function newWebhookSecret({ config }: Pick<ApiContext, "config">, endpointId: string) {
  const key = config.WEBHOOK_SECRET_KEY;
  if (key === undefined) {
    throw new RequestError(
      "unavailable",
      "webhook_endpoint.not_set_up",
      "Webhooks are not set up on this server: its operator has to set WEBHOOK_SECRET_KEY.",
    );
  }
  const secret = createSigningSecret();
  return { secret, sealedSecret: sealSecret(secret, key, endpointId) };
}

/** Opens the endpoint's current secret; null if it was sealed with another key, or no key is set. */
export function readWebhookSecret(
  { config }: Pick<ApiContext, "config">,
  { id, sealedSecret }: Pick<SealedWebhookEndpoint, "id" | "sealedSecret">,
): string | null {
  const key = config.WEBHOOK_SECRET_KEY;
  if (key === undefined) return null;
  try {
    return openSecret(sealedSecret, key, id);
  } catch {
    return null;
  }
}
