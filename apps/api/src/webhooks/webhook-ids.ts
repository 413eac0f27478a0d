import { RequestError } from "@bulk/domain/errors/request-error";
import { isUuid } from "@bulk/domain/is-uuid";

/** Reads the endpoint's id from a path, in lower case. Throws `webhookEndpointNotFound` if it is not a UUID. */
export function readWebhookEndpointId({ id }: Readonly<Record<string, string>>): string {
  if (!isUuid(id)) throw webhookEndpointNotFound();
  return id.toLowerCase();
}

/** The refusal of an id that is unknown or belongs to another account; callers cannot tell the two apart. */
export function webhookEndpointNotFound(): RequestError {
  return new RequestError(
    "not_found",
    "webhook_endpoint.not_found",
    "There is no webhook endpoint with this id.",
  );
}

/** The refusal of an event for a disabled endpoint. */
export function webhookEndpointDisabled(): RequestError {
  return new RequestError(
    "conflict",
    "webhook_endpoint.disabled",
    "This webhook endpoint is disabled. Enable it first.",
  );
}
