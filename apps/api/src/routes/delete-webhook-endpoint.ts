import { deleteWebhookEndpoint as removeWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "../webhook-ids.ts";
import { deletedWebhookEndpoint } from "../wire.ts";

/** `DELETE /v1/webhook_endpoints/{id}` */
export function deleteWebhookEndpoint({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "deleteWebhookEndpoint",
      summary: "Delete a webhook endpoint",
      description: "With its log of deliveries. A request that is under way is not called back.",
      answer: deletedWebhookEndpoint,
      refusals: ["not_found"],
    },
    async answer({ caller, params }) {
      const id = readWebhookEndpointId(params);
      if (!(await removeWebhookEndpoint(database, caller.accountId, id))) throw webhookEndpointNotFound();
      return { kind: "json", body: { id, object: "webhook_endpoint", deleted: true } };
    },
  };
}
