import { listWebhookDeliveries as readWebhookDeliveries } from "@bulk/store/webhooks/webhook-deliveries";
import { findWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { EXAMPLE_IDS } from "@bulk/wire/examples";
import { listOf, presentPage } from "@bulk/wire/list";
import { presentWebhookDelivery, webhookDeliveryObject } from "@bulk/wire/webhook-delivery";
import type { ApiContext, Endpoint } from "../context.ts";
import { pageQuery, readQuery } from "../http/input/query.ts";
import { validate } from "../http/input/validate.ts";
import { readWebhookEndpointId, webhookEndpointNotFound } from "./webhook-ids.ts";

/** `GET /v1/webhook_endpoints/{id}/deliveries` */
export function listWebhookDeliveries({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "listWebhookDeliveries",
      summary: "List an endpoint's deliveries",
      description:
        "Lists sent and pending deliveries, newest first. They are kept as long as the bulk action of their " +
        "event. Of the receiver's response, only the status is stored.",
      query: pageQuery,
      response: listOf(webhookDeliveryObject, urlOf(EXAMPLE_IDS.webhook_endpoints)),
      refusals: ["not_found", "invalid"],
    },
    async respond({ caller, params, query }) {
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
