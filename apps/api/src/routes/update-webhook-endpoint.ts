import { updateWebhookEndpoint as changeWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { EXAMPLE_ENDPOINT, EXAMPLE_ENDPOINT_CHANGE } from "../examples.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { webhookEndpointBodies } from "../webhook-endpoint-body.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "../webhook-ids.ts";
import { webhookEndpointObject } from "../wire.ts";

/** `PATCH /v1/webhook_endpoints/{id}` */
export function updateWebhookEndpoint(context: ApiContext): Endpoint {
  const body = webhookEndpointBodies(context).update;
  return {
    operation: {
      id: "updateWebhookEndpoint",
      summary: "Change a webhook endpoint",
      description:
        "A new URL also gets what is still to be sent. Disabling the endpoint gives that up; each delivery can be " +
        "sent again once the endpoint is enabled.",
      body: body.schema,
      answer: webhookEndpointObject.meta({
        examples: [{ ...EXAMPLE_ENDPOINT, ...EXAMPLE_ENDPOINT_CHANGE }],
      }),
      refusals: ["not_found", "invalid"],
    },
    async answer({ caller, params, body: sent }) {
      const id = readWebhookEndpointId(params);
      const { webhook_events: webhookEvents, ...attributes } = body.parse(sent);
      const change = { ...attributes, webhookEvents };
      const endpoint = await changeWebhookEndpoint(context.database, caller.accountId, id, change);
      if (endpoint === undefined) throw webhookEndpointNotFound();
      return { kind: "json", body: presentWebhookEndpoint(endpoint) };
    },
  };
}
