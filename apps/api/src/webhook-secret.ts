import { RequestError } from "@bulk/domain/request-error";
import { createSigningSecret, sealSecret } from "@bulk/webhooks/signing-secret";
import type { ApiContext } from "./context.ts";

/** A new secret for this endpoint, for its owner and for the database. Throws where webhooks are not set up. */
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
