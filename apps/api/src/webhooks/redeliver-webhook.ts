import { RequestError } from "@bulk/domain/errors/request-error";
import { isUuid } from "@bulk/domain/is-uuid";
import { findWebhookDelivery, redeliverWebhook as makeDue } from "@bulk/store/webhooks/webhook-deliveries";
import { EXAMPLE_REDELIVERY } from "@bulk/wire/examples";
import { presentWebhookDelivery, webhookDeliveryObject } from "@bulk/wire/webhook-delivery";
import type { ApiContext, Endpoint } from "../context.ts";
import { webhookEndpointDisabled } from "./webhook-ids.ts";

/** `POST /v1/webhook_deliveries/{id}/redeliver` */
export function redeliverWebhook({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "redeliverWebhook",
      summary: "Send an event again",
      description:
        "Makes the delivery due at once, whatever its status, with all its attempts. The event keeps its " +
        "`id`. Events about records are sent again from the first record if all had been delivered, " +
        "otherwise from the first undelivered one.",
      response: webhookDeliveryObject.meta({ examples: [EXAMPLE_REDELIVERY] }),
      refusals: ["not_found", "conflict", "invalid"],
    },
    async respond({ caller, params: { id } }) {
      const { accountId } = caller;
      const found = isUuid(id) ? await findWebhookDelivery(database, accountId, id) : undefined;
      if (found === undefined) throw notFound();
      if (!found.isEndpointEnabled) throw webhookEndpointDisabled();
      const delivery = await makeDue(database, accountId, found.id);
      if (delivery === undefined) throw notFound();
      return { kind: "json", body: presentWebhookDelivery(delivery) };
    },
  };
}

function notFound(): RequestError {
  return new RequestError(
    "not_found",
    "webhook_delivery.not_found",
    "There is no webhook delivery with this id.",
  );
}
