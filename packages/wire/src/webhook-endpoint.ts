import type { WebhookEndpoint } from "@bulk/store/webhooks/webhook-endpoints";
import { z } from "zod";
import { EXAMPLE_ENDPOINT, EXAMPLE_ENDPOINT_CHANGE, EXAMPLE_SECRET } from "./examples.ts";
import { moment, toUnixSeconds, toUnixSecondsOrNull } from "./moment.ts";

/** A URL that receives the account's events. Reads never show the secret. */
export const webhookEndpointObject = z
  .object({
    id: z.guid(),
    object: z.literal("webhook_endpoint"),
    url: z.string(),
    description: z.string().nullable(),
    enabled: z.boolean().meta({
      description: "Whether events are sent. Becomes false when the receiver responds with 410.",
    }),
    webhook_events: z.array(z.string()).readonly().meta({ description: "As registered." }),
    destination: z.string().nullable().meta({ description: "As registered." }),
    record_events: z.string().meta({
      description: "How events about records are sent: `list` or `single`.",
    }),
    previous_secret_expires_at: moment.nullable().meta({
      description: "The previous secret also signs until this time; null if only the current one signs.",
    }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: "WebhookEndpoint", examples: [EXAMPLE_ENDPOINT] });

/** An endpoint with its secret, for callers that may change it. */
export const webhookEndpointWithSecret = webhookEndpointObject
  .extend({
    signing_secret: z.string().meta({
      description:
        "Only in responses to writes. Verify requests with a Standard Webhooks library (`webhook-signature`), or compare " +
        "`x-webhook-signature` with the hexadecimal HMAC-SHA256 of `<x-webhook-timestamp>.<body>`, keyed with " +
        "this text unchanged.",
    }),
  })
  .meta({
    id: "WebhookEndpointWithSecret",
    examples: [{ ...EXAMPLE_ENDPOINT, signing_secret: EXAMPLE_SECRET }],
  });

/** An endpoint after a change. The secret may be sealed with a key that this server does not have. */
export const changedWebhookEndpoint = webhookEndpointObject
  .extend({
    signing_secret: z.string().nullable().meta({
      description:
        "The current secret. Null if this server's `WEBHOOK_SECRET_KEY` cannot decrypt it; rotate it.",
    }),
  })
  .meta({
    id: "ChangedWebhookEndpoint",
    examples: [{ ...EXAMPLE_ENDPOINT, ...EXAMPLE_ENDPOINT_CHANGE, signing_secret: EXAMPLE_SECRET }],
  });

/** An endpoint that is gone. */
export const deletedWebhookEndpoint = z
  .object({ id: z.guid(), object: z.literal("webhook_endpoint"), deleted: z.literal(true) })
  .meta({
    id: "DeletedWebhookEndpoint",
    examples: [{ id: EXAMPLE_ENDPOINT.id, object: "webhook_endpoint", deleted: true }],
  });

/** Returns an endpoint without its secret. */
export function presentWebhookEndpoint(endpoint: WebhookEndpoint): z.output<typeof webhookEndpointObject> {
  return {
    id: endpoint.id,
    object: "webhook_endpoint",
    url: endpoint.url,
    description: endpoint.description,
    enabled: endpoint.enabled,
    webhook_events: endpoint.webhookEvents,
    destination: endpoint.destination,
    record_events: endpoint.recordEvents,
    previous_secret_expires_at: toUnixSecondsOrNull(endpoint.previousSecretExpiresAt),
    created_at: toUnixSeconds(endpoint.createdAt),
    updated_at: toUnixSeconds(endpoint.updatedAt),
  };
}

/** Returns an endpoint that was deleted. */
export function presentDeletedWebhookEndpoint(id: string): z.output<typeof deletedWebhookEndpoint> {
  return { id, object: "webhook_endpoint", deleted: true };
}
