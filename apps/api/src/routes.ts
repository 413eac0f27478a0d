import type { Scope } from "@bulk/domain/scope";
import type { ApiContext, Endpoint } from "./context.ts";
import { createBulkAction } from "./routes/create-bulk-action.ts";
import { listBulkActionRecords } from "./routes/list-bulk-action-records.ts";
import { listBulkActions } from "./routes/list-bulk-actions.ts";
import { retrieveBulkAction } from "./routes/retrieve-bulk-action.ts";

export type Route = {
  readonly method: "get" | "post";
  readonly path: string;
  readonly scope: Scope;
  readonly endpoint: (context: ApiContext) => Endpoint;
};

/** Every endpoint of the public API. */
export const routes: readonly Route[] = [
  { method: "post", path: "/v1/bulk_actions", scope: "bulk_actions:write", endpoint: createBulkAction },
  { method: "get", path: "/v1/bulk_actions", scope: "bulk_actions:read", endpoint: listBulkActions },
  { method: "get", path: "/v1/bulk_actions/:id", scope: "bulk_actions:read", endpoint: retrieveBulkAction },
  {
    method: "get",
    path: "/v1/bulk_actions/:id/records",
    scope: "bulk_actions:read",
    endpoint: listBulkActionRecords,
  },
];
