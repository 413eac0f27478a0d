import { notPurgeable } from "@bulk/domain/errors/refusals";
import { purgeBulkAction as storePurge } from "@bulk/store/bulk-actions/restoring/purge-bulk-action";
import { bulkActionResponse } from "@bulk/wire/bulk-action";
import { exampleSparseBulkAction } from "@bulk/wire/examples";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../../context.ts";
import { readBulkActionId } from "../../http/input/bulk-action-id.ts";
import { findForView, presentView, readView, reserveIds, shortViewQuery } from "../view.ts";

/** `POST /v1/bulk_actions/{id}/purge` */
export function purgeBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "purgeBulkAction",
      summary: "Purge what a bulk action has kept",
      description:
        "Deletes the rows that an ended bulk action has kept for a restore, and returns the bulk action. It cannot be " +
        "restored afterwards. Its retries keep rows of their own. A repeated purge changes nothing and gets the same " +
        "response. Errors: `bulk_action.still_open` before the end, `bulk_action.restore_in_progress` while a restore of " +
        "it is open.",
      query: shortViewQuery,
      response: bulkActionResponse(context.registry).meta({
        examples: [exampleSparseBulkAction("succeeded")],
      }),
      refusals: ["not_found", "conflict", "invalid"],
      changes: "in_steps",
    },
    respond: (request) => purge(request, context),
  };
}

async function purge(request: ApiRequest, context: ApiContext): Promise<ApiResponse> {
  const { database } = context;
  const { params, caller } = request;
  const id = readBulkActionId(params);
  const view = readView(request);
  const key = { accountId: caller.accountId, id };
  // Before the purge: a purge that is done must not be refused.
  await reserveIds(key, view, request, context);
  const { kind } = await storePurge(database, caller.accountId, id, caller.tokenId);
  if (kind !== "purged") throw notPurgeable(kind);
  const bulkAction = await findForView(key, view, request, context);
  if (bulkAction === undefined) throw notPurgeable("not_found");
  return { kind: "json", body: presentView(bulkAction, view, context), bulkActionId: id };
}
