import { updateWebhookEndpoint as changeWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { webhookEndpointBodies } from "../webhook-endpoint-body.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "../webhook-ids.ts";
import { readWebhookSecret } from "../webhook-secret.ts";
import { changedWebhookEndpoint } from "../wire.ts";

/** `PATCH /v1/webhook_endpoints/{id}` */
export function updateWebhookEndpoint(context: ApiContext): Endpoint {
  const body = webhookEndpointBodies(context).update;
  return {
    operation: {
      id: "updateWebhookEndpoint",
      summary: "Change a webhook endpoint",
      description:
        "A new URL also gets what is still to be sent. Disabling the endpoint gives that up; each delivery can be " +
        "sent again once the endpoint is enabled. The answer has the signing secret, as on registration.",
      body: body.schema,
      answer: changedWebhookEndpoint,
      refusals: ["not_found", "invalid"],
    },
    async answer({ caller, params, body: sent }) {
      const id = readWebhookEndpointId(params);
      const { webhook_events: webhookEvents, record_events: recordEvents, ...rest } = body.parse(sent);
      const change = { ...rest, webhookEvents, recordEvents };
      const endpoint = await changeWebhookEndpoint(context.database, caller.accountId, id, change);
      if (endpoint === undefined) throw webhookEndpointNotFound();
      const secret = readWebhookSecret(context, endpoint);
      return { kind: "json", body: { ...presentWebhookEndpoint(endpoint), signing_secret: secret } };
    },
  };
}
