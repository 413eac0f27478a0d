import { rotateWebhookSecret as replaceWebhookSecret } from "@bulk/store/webhooks/webhook-endpoints";
import { EXAMPLE_ROTATED } from "@bulk/wire/examples";
import { presentWebhookEndpoint, webhookEndpointWithSecret } from "@bulk/wire/webhook-endpoint";
import type { ApiContext, Endpoint } from "../context.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "./webhook-ids.ts";
import { newWebhookSecret } from "./webhook-secret.ts";

/** How long the old secret signs beside the new one. */
const GRACE_HOURS = 24;

/** `POST /v1/webhook_endpoints/{id}/rotate_secret` */
export function rotateWebhookSecret(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "rotateWebhookSecret",
      summary: "Replace a webhook endpoint's signing secret",
      description:
        `Replaces the signing secret. For ${GRACE_HOURS} hours \`webhook-signature\` contains a signature ` +
        "with each secret, the new one first. `x-webhook-signature` has one signature only and uses the " +
        "new secret at once.",
      response: webhookEndpointWithSecret.meta({ examples: [EXAMPLE_ROTATED] }),
      refusals: ["not_found", "invalid"],
    },
    async respond({ caller, params }) {
      const id = readWebhookEndpointId(params);
      const { secret, sealedSecret } = newWebhookSecret(context, id);
      const { database } = context;
      const endpoint = await replaceWebhookSecret(database, caller.accountId, id, sealedSecret, GRACE_HOURS);
      if (endpoint === undefined) throw webhookEndpointNotFound();
      return { kind: "json", body: { ...presentWebhookEndpoint(endpoint), signing_secret: secret } };
    },
  };
}
