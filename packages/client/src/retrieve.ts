import type { RetrieveBulkActionData } from "./generated/types.gen.ts";
import { call } from "./transport/call.ts";
import type { Connection } from "./transport/connection.ts";
import type { BulkAction, RequestOptions } from "./types.ts";

/** Everything of a bulk action but its ids, which may be megabytes. */
export const VIEW: NonNullable<RetrieveBulkActionData["query"]> = {
  fields: ["id", "object", "action_type", "status", "created_at", "updated_at"],
  "expand[]": ["details"],
};

/** Retrieves a bulk action. */
export function retrieve(
  connection: Connection,
  id: string,
  { signal }: RequestOptions = {},
): Promise<BulkAction> {
  return call<RetrieveBulkActionData, BulkAction>(connection, {
    ...{ method: "GET", url: "/v1/bulk_actions/{id}", path: { id }, query: VIEW },
    ...{ isRepeatable: true, signal },
  });
}
