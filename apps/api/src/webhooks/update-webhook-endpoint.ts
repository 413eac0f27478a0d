import { updateWebhookEndpoint as changeWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { changedWebhookEndpoint, presentWebhookEndpoint } from "@bulk/wire/webhook-endpoint";
import type { ApiContext, Endpoint } from "../context.ts";
import { webhookEndpointBodies } from "./webhook-endpoint-body.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "./webhook-ids.ts";
import { readWebhookSecret } from "./webhook-secret.ts";

/** `PATCH /v1/webhook_endpoints/{id}` */
export function updateWebhookEndpoint(context: ApiContext): Endpoint {
  const body = webhookEndpointBodies(context).update;
  return {
    operation: {
      id: "updateWebhookEndpoint",
      summary: "Change a webhook endpoint",
      description:
        "Changes the attributes in the body. A new URL also receives pending deliveries. Disabling the " +
        "endpoint fails its pending deliveries; each can be redelivered after the endpoint is enabled " +
        "again. The response contains the signing secret.",
      body: body.schema,
      response: changedWebhookEndpoint,
      refusals: ["not_found", "invalid"],
    },
    async respond({ caller, params, body: sent }) {
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
