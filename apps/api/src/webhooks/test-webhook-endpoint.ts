import { TEST_EVENT_TYPE } from "@bulk/domain/webhooks/webhook-event";
import { createTestDelivery } from "@bulk/store/webhooks/webhook-deliveries";
import { findWebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { EXAMPLE_TEST_DELIVERY } from "@bulk/wire/examples";
import { presentWebhookDelivery, webhookDeliveryObject } from "@bulk/wire/webhook-delivery";
import type { ApiContext, Endpoint } from "../context.ts";
import { readWebhookEndpointId, webhookEndpointDisabled, webhookEndpointNotFound } from "./webhook-ids.ts";

/** `POST /v1/webhook_endpoints/{id}/test` */
export function testWebhookEndpoint({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "testWebhookEndpoint",
      summary: "Send a test event",
      description:
        `Sends an event of type \`${TEST_EVENT_TYPE}\` within seconds, regardless of the endpoint's ` +
        "subscriptions. List the endpoint's deliveries to see the result.",
      response: webhookDeliveryObject.meta({ examples: [EXAMPLE_TEST_DELIVERY] }),
      refusals: ["not_found", "conflict", "invalid"],
    },
    async respond({ caller, params }) {
      const id = readWebhookEndpointId(params);
      const { accountId } = caller;
      if ((await findWebhookEndpoint(database, accountId, id)) === undefined) throw webhookEndpointNotFound();
      const delivery = await createTestDelivery(database, accountId, id, TEST_EVENT_TYPE);
      if (delivery === undefined) throw webhookEndpointDisabled();
      return { kind: "json", body: presentWebhookDelivery(delivery) };
    },
  };
}
