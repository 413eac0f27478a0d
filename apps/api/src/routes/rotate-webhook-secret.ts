import { rotateWebhookSecret as replaceWebhookSecret } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { EXAMPLE_ROTATED } from "../examples.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "../webhook-ids.ts";
import { newWebhookSecret } from "../webhook-secret.ts";
import { webhookEndpointWithSecret } from "../wire.ts";

/** How long the old secret signs beside the new one. */
const GRACE_HOURS = 24;

/** `POST /v1/webhook_endpoints/{id}/rotate_secret` */
export function rotateWebhookSecret(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "rotateWebhookSecret",
      summary: "Replace a webhook endpoint's signing secret",
      description:
        `For ${GRACE_HOURS} hours \`webhook-signature\` carries a signature of each secret, the new one's first. ` +
        "`x-webhook-signature` has room for one: it is the new secret's from now on.",
      answer: webhookEndpointWithSecret.meta({ examples: [EXAMPLE_ROTATED] }),
      refusals: ["not_found"],
    },
    async answer({ caller, params }) {
      const id = readWebhookEndpointId(params);
      const { secret, sealedSecret } = newWebhookSecret(context, id);
      const { database } = context;
      const endpoint = await replaceWebhookSecret(database, caller.accountId, id, sealedSecret, GRACE_HOURS);
      if (endpoint === undefined) throw webhookEndpointNotFound();
      return { kind: "json", body: { ...presentWebhookEndpoint(endpoint), signing_secret: secret } };
    },
  };
}
