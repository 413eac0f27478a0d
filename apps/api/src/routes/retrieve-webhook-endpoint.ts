import { findWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { presentWebhookEndpoint } from "../present-webhook.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "../webhook-ids.ts";
import { webhookEndpointObject } from "../wire.ts";

/** `GET /v1/webhook_endpoints/{id}` */
export function retrieveWebhookEndpoint({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveWebhookEndpoint",
      summary: "Retrieve a webhook endpoint",
      description:
        "Another account's does not exist for the caller. The signing secret is answered to changes only.",
      answer: webhookEndpointObject,
      refusals: ["not_found"],
    },
    async answer({ caller, params }) {
      const id = readWebhookEndpointId(params);
      const endpoint = await findWebhookEndpoint(database, caller.accountId, id);
      if (endpoint === undefined) throw webhookEndpointNotFound();
      return { kind: "json", body: presentWebhookEndpoint(endpoint) };
    },
  };
}
