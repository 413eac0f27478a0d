import { unixSeconds, unixSecondsOrNull } from "@bulk/domain/unix-seconds";
import type { WebhookDelivery } from "@bulk/store/webhook-deliveries";
import type { WebhookEndpoint } from "@bulk/store/webhook-endpoints";
import type { WireWebhookDelivery, WireWebhookEndpoint } from "./wire.ts";

export function presentWebhookEndpoint(endpoint: WebhookEndpoint): WireWebhookEndpoint {
  const { id, url, description, enabled, webhookEvents, destination, previousSecretExpiresAt } = endpoint;
  return {
    ...{ id, object: "webhook_endpoint", url, description, enabled, webhook_events: webhookEvents },
    ...{ destination, record_events: endpoint.recordEvents },
    previous_secret_expires_at: unixSecondsOrNull(previousSecretExpiresAt),
    created_at: unixSeconds(endpoint.createdAt),
    updated_at: unixSeconds(endpoint.updatedAt),
  };
}

export function presentWebhookDelivery(delivery: WebhookDelivery): WireWebhookDelivery {
  const { id, endpointId, eventType, bulkActionId, status, attempts } = delivery;
  return {
    ...{ id, object: "webhook_delivery", webhook_endpoint: endpointId, type: eventType },
    ...{ bulk_action: bulkActionId, status, attempts },
    last_response_code: delivery.lastResponseCode,
    last_error: delivery.lastError,
    last_attempt_at: unixSecondsOrNull(delivery.lastAttemptAt),
    next_attempt_at: unixSecondsOrNull(delivery.nextAttemptAt),
    created_at: unixSeconds(delivery.createdAt),
    finished_at: unixSecondsOrNull(delivery.finishedAt),
  };
}
