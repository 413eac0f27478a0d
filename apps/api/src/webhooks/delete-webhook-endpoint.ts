import { deleteWebhookEndpoint as removeWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { deletedWebhookEndpoint, presentDeletedWebhookEndpoint } from "@bulk/wire/webhook-endpoint";
import type { ApiContext, Endpoint } from "../context.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "./webhook-ids.ts";

/** `DELETE /v1/webhook_endpoints/{id}` */
export function deleteWebhookEndpoint({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "deleteWebhookEndpoint",
      summary: "Delete a webhook endpoint",
      description: "Deletes the endpoint and its deliveries. A request in flight is not aborted.",
      response: deletedWebhookEndpoint,
      refusals: ["not_found", "invalid"],
    },
    async respond({ caller, params }) {
      const id = readWebhookEndpointId(params);
      if (!(await removeWebhookEndpoint(database, caller.accountId, id))) throw webhookEndpointNotFound();
      return { kind: "json", body: presentDeletedWebhookEndpoint(id) };
    },
  };
}
