import { isUuid } from "@bulk/domain/is-uuid";
import { RequestError } from "@bulk/domain/request-error";

/** The endpoint a path names. What is no UUID names none: throws `webhookEndpointNotFound`. In lower case. */
export function readWebhookEndpointId({ id }: Readonly<Record<string, string>>): string {
  if (!isUuid(id)) throw webhookEndpointNotFound();
  return id.toLowerCase();
}

/** Unknown, or another account's, which is the same to a caller. */
export function webhookEndpointNotFound(): RequestError {
  return new RequestError(
    "not_found",
    "webhook_endpoint.not_found",
    "There is no webhook endpoint with this id.",
  );
}

/** It takes no events now. */
export function webhookEndpointDisabled(): RequestError {
  return new RequestError(
    "conflict",
    "webhook_endpoint.disabled",
    "This webhook endpoint is disabled. Enable it first.",
  );
}
