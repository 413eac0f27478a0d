import type { WebhookDelivery } from "@bulk/store/webhooks/webhook-deliveries";
import { z } from "zod";
import { EXAMPLE_DELIVERY } from "./examples.ts";
import { moment, toUnixSeconds, toUnixSecondsOrNull } from "./moment.ts";
import { countOf } from "./progress/counts.ts";

/** One event for one endpoint. */
export const webhookDeliveryObject = z
  .object({
    id: z.guid(),
    object: z.literal("webhook_delivery"),
    webhook_endpoint: z.guid(),
    type: z.string().meta({ description: "The event's type." }),
    bulk_action: z.guid().nullable().meta({ description: "The bulk action of the event; null for a test." }),
    status: z.enum(["pending", "succeeded", "failed"]).meta({
      description: "`failed`: ten attempts within 24 hours failed, or the endpoint was disabled.",
    }),
    attempts: countOf(
      "Number of requests, including pages and retries. For `single` record events: number of rounds of requests.",
    ),
    last_response_code: z
      .int()
      .nullable()
      .meta({ description: "Null when the last attempt got no response." }),
    last_error: z
      .string()
      .nullable()
      .meta({
        description:
          "Why there was no response: `timeout`, `dns_failed` (the name could not be resolved), `connection_failed`, " +
          "`invalid_answer` (not HTTP, or no end of interim answers), `target_refused` (not a public address), " +
          "`endpoint_disabled`, `secret_unreadable`.",
      }),
    last_attempt_at: moment.nullable(),
    next_attempt_at: moment.nullable(),
    created_at: moment,
    finished_at: moment.nullable(),
  })
  .meta({ id: "WebhookDelivery", examples: [EXAMPLE_DELIVERY] });

/** Returns a delivery. */
export function presentWebhookDelivery(delivery: WebhookDelivery): z.output<typeof webhookDeliveryObject> {
  return {
    id: delivery.id,
    object: "webhook_delivery",
    webhook_endpoint: delivery.endpointId,
    type: delivery.eventType,
    bulk_action: delivery.bulkActionId,
    status: delivery.status,
    attempts: delivery.attempts,
    last_response_code: delivery.lastResponseCode,
    last_error: delivery.lastError,
    last_attempt_at: toUnixSecondsOrNull(delivery.lastAttemptAt),
    next_attempt_at: toUnixSecondsOrNull(delivery.nextAttemptAt),
    created_at: toUnixSeconds(delivery.createdAt),
    finished_at: toUnixSecondsOrNull(delivery.finishedAt),
  };
}
