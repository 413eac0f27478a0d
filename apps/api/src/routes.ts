import type { Scope } from "@bulk/domain/scope";
import type { ApiContext, Endpoint } from "./context.ts";
import { cancelBulkAction } from "./routes/cancel-bulk-action.ts";
import { createBulkAction } from "./routes/create-bulk-action.ts";
import { listBulkActions } from "./routes/list-bulk-actions.ts";
import { previewBulkAction } from "./routes/preview-bulk-action.ts";
import { retrieveBulkAction } from "./routes/retrieve-bulk-action.ts";
import { retryBulkAction } from "./routes/retry-bulk-action.ts";
import { streamBulkActionEvents } from "./routes/stream-bulk-action-events.ts";

export type Route = {
  readonly method: "get" | "post";
  readonly path: string;
  readonly scope: Scope;
  readonly endpoint: (context: ApiContext) => Endpoint;
};

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
];
