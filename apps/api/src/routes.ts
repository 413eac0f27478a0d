import type { Scope } from "@bulk/domain/scope";
import type { ApiContext, Endpoint } from "./context.ts";
import { cancelBulkAction } from "./routes/cancel-bulk-action.ts";
import { createBulkAction } from "./routes/create-bulk-action.ts";
import { createWebhookEndpoint } from "./routes/create-webhook-endpoint.ts";
import { deleteWebhookEndpoint } from "./routes/delete-webhook-endpoint.ts";
import { listBulkActionRecords } from "./routes/list-bulk-action-records.ts";
import { listBulkActions } from "./routes/list-bulk-actions.ts";
import { listWebhookDeliveries } from "./routes/list-webhook-deliveries.ts";
import { listWebhookEndpoints } from "./routes/list-webhook-endpoints.ts";
import { previewBulkAction } from "./routes/preview-bulk-action.ts";
import { redeliverWebhook } from "./routes/redeliver-webhook.ts";
import { retrieveBulkAction } from "./routes/retrieve-bulk-action.ts";
import { retrieveWebhookEndpoint } from "./routes/retrieve-webhook-endpoint.ts";
import { retryBulkAction } from "./routes/retry-bulk-action.ts";
import { rotateWebhookSecret } from "./routes/rotate-webhook-secret.ts";
import { streamBulkActionEvents } from "./routes/stream-bulk-action-events.ts";
import { testWebhookEndpoint } from "./routes/test-webhook-endpoint.ts";
import { updateWebhookEndpoint } from "./routes/update-webhook-endpoint.ts";

export type Route = {
  readonly method: "get" | "post" | "patch" | "delete";
  readonly path: string;
  readonly scope: Scope;
  readonly endpoint: (context: ApiContext) => Endpoint;
};

const ENDPOINTS = "/v1/webhook_endpoints";
const ENDPOINT = `${ENDPOINTS}/:id`;

/** Every endpoint of the public API. */
export const routes: readonly Route[] = [
  { method: "post", path: "/v1/bulk_actions", scope: "bulk_actions:write", endpoint: createBulkAction },
  // To write: it answers questions about records that a reader of bulk actions cannot ask.
  {
    method: "post",
    path: "/v1/bulk_actions/preview",
    scope: "bulk_actions:write",
    endpoint: previewBulkAction,
  },
  { method: "get", path: "/v1/bulk_actions", scope: "bulk_actions:read", endpoint: listBulkActions },
  { method: "get", path: "/v1/bulk_actions/:id", scope: "bulk_actions:read", endpoint: retrieveBulkAction },
  {
    method: "get",
    path: "/v1/bulk_actions/:id/records",
    scope: "bulk_actions:read",
    endpoint: listBulkActionRecords,
  },
  {
    method: "get",
    path: "/v1/bulk_actions/:id/events",
    scope: "bulk_actions:read",
    endpoint: streamBulkActionEvents,
  },
  {
    method: "post",
    path: "/v1/bulk_actions/:id/cancel",
    scope: "bulk_actions:write",
    endpoint: cancelBulkAction,
  },
  {
    method: "post",
    path: "/v1/bulk_actions/:id/retry",
    scope: "bulk_actions:write",
    endpoint: retryBulkAction,
  },
  { method: "post", path: ENDPOINTS, scope: "webhook_endpoints:write", endpoint: createWebhookEndpoint },
  { method: "get", path: ENDPOINTS, scope: "webhook_endpoints:read", endpoint: listWebhookEndpoints },
  { method: "get", path: ENDPOINT, scope: "webhook_endpoints:read", endpoint: retrieveWebhookEndpoint },
  { method: "patch", path: ENDPOINT, scope: "webhook_endpoints:write", endpoint: updateWebhookEndpoint },
  { method: "delete", path: ENDPOINT, scope: "webhook_endpoints:write", endpoint: deleteWebhookEndpoint },
  {
    method: "post",
    path: `${ENDPOINT}/test`,
    scope: "webhook_endpoints:write",
    endpoint: testWebhookEndpoint,
  },
  {
    method: "post",
    path: `${ENDPOINT}/rotate_secret`,
    scope: "webhook_endpoints:write",
    endpoint: rotateWebhookSecret,
  },
  {
    method: "get",
    path: `${ENDPOINT}/deliveries`,
    scope: "webhook_endpoints:read",
    endpoint: listWebhookDeliveries,
  },
  {
    method: "post",
    path: "/v1/webhook_deliveries/:id/redeliver",
    scope: "webhook_endpoints:write",
    endpoint: redeliverWebhook,
  },
];

/**
 * Whether the body of a request of this method is read. Of everything that changes something it is, wanted or not:
 * a request that breaks off is refused, and what is refused must not have happened.
 */
export function takesBody(method: Route["method"]): boolean {
  return method !== "get";
}
