import { listWebhookDeliveries as readWebhookDeliveries } from "@bulk/store/webhook-deliveries";
import { findWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { EXAMPLE_IDS } from "../examples.ts";
import { presentPage } from "../present.ts";
import { presentWebhookDelivery } from "../present-webhook.ts";
import { pageQuery, readQuery } from "../query.ts";
import { validate } from "../validate.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "../webhook-ids.ts";
import { listOf, webhookDeliveryObject } from "../wire.ts";

/** `GET /v1/webhook_endpoints/{id}/deliveries` */
export function listWebhookDeliveries({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listWebhookDeliveries",
      summary: "List an endpoint's deliveries",
      description:
        "What it was and is to be told, newest first. Kept as long as the bulk action they tell of; nothing of the " +
        "receiver's answer but its status is.",
      query: pageQuery,
      answer: listOf(webhookDeliveryObject, urlOf(EXAMPLE_IDS.webhook_endpoints)),
      refusals: ["not_found", "invalid"],
    },
    async answer({ caller, params, query }) {
      const id = readWebhookEndpointId(params);
      const { limit, page } = validate("webhook_delivery", pageQuery, readQuery(query));
      const { accountId } = caller;
      if ((await findWebhookEndpoint(database, accountId, id)) === undefined) throw webhookEndpointNotFound();
      const { count, deliveries } = await readWebhookDeliveries(database, accountId, id, { limit, page });
      const pagination = { count, limit, page, url: urlOf(id) };
      return { kind: "json", body: presentPage(pagination, deliveries.map(presentWebhookDelivery)) };
    },
  };
}

function urlOf(endpointId: string): string {
  return `/v1/webhook_endpoints/${endpointId}/deliveries`;
}
