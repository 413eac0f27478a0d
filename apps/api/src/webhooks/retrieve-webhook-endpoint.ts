import { findWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { presentWebhookEndpoint, webhookEndpointObject } from "@bulk/wire/webhook-endpoint";
import type { ApiContext, Endpoint } from "../context.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "./webhook-ids.ts";

/** `GET /v1/webhook_endpoints/{id}` */
export function retrieveWebhookEndpoint({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "retrieveWebhookEndpoint",
      summary: "Retrieve a webhook endpoint",
      description: "Returns one webhook endpoint of the account, without its signing secret.",
      response: webhookEndpointObject,
      refusals: ["not_found", "invalid"],
    },
    async respond({ caller, params }) {
      const id = readWebhookEndpointId(params);
      const endpoint = await findWebhookEndpoint(database, caller.accountId, id);
      if (endpoint === undefined) throw webhookEndpointNotFound();
      return { kind: "json", body: presentWebhookEndpoint(endpoint) };
    },
  };
}
