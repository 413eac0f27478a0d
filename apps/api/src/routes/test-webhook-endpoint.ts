import { TEST_EVENT_TYPE } from "@bulk/domain/webhook-event";
import { createTestDelivery } from "@bulk/store/webhook-deliveries";
import { findWebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { ApiContext, Endpoint } from "../context.ts";
import { EXAMPLE_TEST_DELIVERY } from "../examples.ts";
import { presentWebhookDelivery } from "../present-webhook.ts";
import { readWebhookEndpointId, webhookEndpointDisabled, webhookEndpointNotFound } from "../webhook-ids.ts";
import { webhookDeliveryObject } from "../wire.ts";

/** `POST /v1/webhook_endpoints/{id}/test` */
export function testWebhookEndpoint({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "testWebhookEndpoint",
      summary: "Send a test event",
      description:
        `An event of the type \`${TEST_EVENT_TYPE}\`, whatever the endpoint subscribes to, within seconds. What ` +
        "became of it is among the endpoint's deliveries.",
      answer: webhookDeliveryObject.meta({ examples: [EXAMPLE_TEST_DELIVERY] }),
      refusals: ["not_found", "conflict"],
    },
    async answer({ caller, params }) {
      const id = readWebhookEndpointId(params);
      const { accountId } = caller;
      if ((await findWebhookEndpoint(database, accountId, id)) === undefined) throw webhookEndpointNotFound();
      const delivery = await createTestDelivery(database, accountId, id, TEST_EVENT_TYPE);
      if (delivery === undefined) throw webhookEndpointDisabled();
      return { kind: "json", body: presentWebhookDelivery(delivery) };
    },
  };
}
