import { isUuid } from "@bulk/domain/is-uuid";
import { RequestError } from "@bulk/domain/request-error";
import { findWebhookDelivery, redeliverWebhook as makeDue } from "@bulk/store/webhook-deliveries";
import type { ApiContext, Endpoint } from "../context.ts";
import { EXAMPLE_REDELIVERY } from "../examples.ts";
import { presentWebhookDelivery } from "../present-webhook.ts";
import { webhookEndpointDisabled } from "../webhook-ids.ts";
import { webhookDeliveryObject } from "../wire.ts";

/** `POST /v1/webhook_deliveries/{id}/redeliver` */
export function redeliverWebhook({ database }: ApiContext): Endpoint {
  return {
    operation: {
      id: "redeliverWebhook",
      summary: "Send an event again",
      description:
        "Makes the delivery due at once, whatever became of it, with all attempts before it. The event keeps its " +
        "`id`. Deleted records come again from the first on if all had been delivered, otherwise from where it stopped.",
      answer: webhookDeliveryObject.meta({ examples: [EXAMPLE_REDELIVERY] }),
      refusals: ["not_found", "conflict"],
    },
    async answer({ caller, params: { id } }) {
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
