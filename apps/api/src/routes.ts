import type { Scope } from "@bulk/domain/scope";
import { cancelBulkAction } from "./bulk-actions/cancel-bulk-action.ts";
import { createBulkAction } from "./bulk-actions/create-bulk-action.ts";
import { listBulkActionRecords } from "./bulk-actions/list-bulk-action-records.ts";
import { listBulkActions } from "./bulk-actions/list-bulk-actions.ts";
import { previewBulkAction } from "./bulk-actions/preview-bulk-action.ts";
import { retrieveBulkAction } from "./bulk-actions/retrieve-bulk-action.ts";
import { retryBulkAction } from "./bulk-actions/retry-bulk-action.ts";
import { streamBulkActionEvents } from "./bulk-actions/stream-bulk-action-events.ts";
import { previewRestore } from "./bulk-actions/undo/preview-restore.ts";
import { purgeBulkAction } from "./bulk-actions/undo/purge-bulk-action.ts";
import { restoreBulkAction } from "./bulk-actions/undo/restore-bulk-action.ts";
import type { ApiContext, Endpoint } from "./context.ts";
import { createWebhookEndpoint } from "./webhooks/create-webhook-endpoint.ts";
import { deleteWebhookEndpoint } from "./webhooks/delete-webhook-endpoint.ts";
import { listWebhookDeliveries } from "./webhooks/list-webhook-deliveries.ts";
import { listWebhookEndpoints } from "./webhooks/list-webhook-endpoints.ts";
import { redeliverWebhook } from "./webhooks/redeliver-webhook.ts";
import { retrieveWebhookEndpoint } from "./webhooks/retrieve-webhook-endpoint.ts";
import { rotateWebhookSecret } from "./webhooks/rotate-webhook-secret.ts";
import { testWebhookEndpoint } from "./webhooks/test-webhook-endpoint.ts";
import { updateWebhookEndpoint } from "./webhooks/update-webhook-endpoint.ts";

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
  // Needs the write scope: it reveals facts about records that the read scope does not cover.
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
  {
    method: "post",
    path: "/v1/bulk_actions/:id/restore",
    scope: "bulk_actions:write",
    endpoint: restoreBulkAction,
  },
  // Needs the write scope, as the other preview does.
  {
    method: "post",
    path: "/v1/bulk_actions/:id/restore/preview",
    scope: "bulk_actions:write",
    endpoint: previewRestore,
  },
  {
    method: "post",
    path: "/v1/bulk_actions/:id/purge",
    scope: "bulk_actions:write",
    endpoint: purgeBulkAction,
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
 * Returns whether the body of a request with this method is read. It is read for every method that changes something,
 * even if the endpoint needs no body: an incomplete request is refused, and a refused request must change nothing.
 */
export function takesBody(method: Route["method"]): boolean {
  return method !== "get";
}
