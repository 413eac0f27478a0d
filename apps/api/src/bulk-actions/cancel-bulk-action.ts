import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { bulkActionNotFound, notCancelable } from "@bulk/domain/errors/refusals";
import { cancelBulkAction as storeCancel } from "@bulk/store/bulk-actions/cancel-bulk-action";
import { bulkActionResponse } from "@bulk/wire/bulk-action";
import { EXAMPLE_CANCELED } from "@bulk/wire/examples";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { readBulkActionId } from "../http/input/bulk-action-id.ts";
import { findForView, presentView, readView, reserveIds, shortViewQuery } from "./view.ts";
import { RETRY_AFTER } from "./waiting/polling.ts";

/** `POST /v1/bulk_actions/{id}/cancel` */
export function cancelBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "cancelBulkAction",
      summary: "Cancel a bulk action",
      description:
        "After the response no further chunk starts. Running chunks (at most one per lane) finish, and " +
        "their records keep their outcomes. All other records stay unchanged. The bulk action ends as " +
        "`completed`: in this response if no chunk is running, otherwise after the running chunks. If all " +
        "records had already been attempted, the status follows from their outcomes. A repeated cancel " +
        "changes nothing and gets the same response. A bulk action that ended without a cancel gets " +
        "`bulk_action.not_cancelable`.",
      query: shortViewQuery,
      response: bulkActionResponse(context.registry).meta({ examples: [EXAMPLE_CANCELED] }),
      responseHeaders: ["Retry-After"],
      refusals: ["not_found", "conflict", "invalid"],
      changes: "in_steps",
    },
    respond: (request) => cancel(request, context),
  };
}

async function cancel(request: ApiRequest, context: ApiContext): Promise<ApiResponse> {
  const { database, registry, metrics } = context;
  const { params, caller } = request;
  const id = readBulkActionId(params);
  const key = { accountId: caller.accountId, id };
  const view = readView(request);
  // Before the cancel: a cancel that is done must not be refused.
  await reserveIds(key, view, request, context);
  const cancellation = await storeCancel(database, caller.accountId, id, caller.tokenId, registry);
  if (cancellation.kind === "too_late") throw notCancelable();
  if (cancellation.kind === "canceled") metrics.settled(cancellation.settlement);
  const bulkAction = await findForView(key, view, request, context);
  if (bulkAction === undefined) throw bulkActionNotFound();
  const headers = isOpen(bulkAction.status) ? RETRY_AFTER : {};
  const body = presentView(bulkAction, view, context);
  return { kind: "json", body, headers, bulkActionId: id };
}
