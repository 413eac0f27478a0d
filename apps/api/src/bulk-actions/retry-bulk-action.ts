import { admitRetry } from "@bulk/actions/admission/admit-records";
import { listRestorable } from "@bulk/actions/registry";
import { retryBulkAction as storeRetry } from "@bulk/store/bulk-actions/retry-bulk-action";
import { bulkActionResponse } from "@bulk/wire/bulk-action";
import { EXAMPLE_RETRY } from "@bulk/wire/examples";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { readBulkActionId } from "../http/input/bulk-action-id.ts";
import { creationHeaders, nudge, readAdmission, respondCreated } from "./creation.ts";
import { countListed, readView, reserveTakenIds, shortViewQuery } from "./view.ts";

/** `POST /v1/bulk_actions/{id}/retry` */
export function retryBulkAction(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "retryBulkAction",
      summary: "Retry a bulk action",
      description:
        "Creates and returns a new bulk action with those ids of an ended one that failed or were not " +
        "attempted, in the same order. The old bulk action stays as it is. Skipped ids are left out, and so " +
        "are ids that a later retry has already changed or skipped. The retry of a restore is a restore of the same bulk " +
        "action. Errors: `bulk_action.still_open` before " +
        "the end, `bulk_action.retry_in_progress` while another retry of the same records is open, " +
        "`bulk_action.nothing_to_retry` if no id is left.",
      query: shortViewQuery,
      ...creationHeaders,
      response: bulkActionResponse(context.registry).meta({ examples: [EXAMPLE_RETRY] }),
      refusals: ["not_found", "conflict", "invalid"],
    },
    respond: (request) => retry(request, context),
  };
}

async function retry(request: ApiRequest, context: ApiContext): Promise<ApiResponse> {
  const { database, config } = context;
  const { accountId } = request.caller;
  const id = readBulkActionId(request.params);
  const view = readView(request);
  await admitRetry({ accountId, id }, context);
  const admission = await readAdmission(request, context, `/v1/bulk_actions/${id}/retry`, { retryOf: id });
  await reserveTakenIds({ accountId, id }, view, request, context);
  const creation = await storeRetry(database, {
    ...admission,
    id,
    taking: "failed_and_untouched",
    mostListed: countListed(view, context),
    chunkSize: config.CHUNK_SIZE,
    keeping: { days: config.RESTORE_DAYS, actionTypes: listRestorable(context.registry) },
  });
  nudge(creation, context);
  return await respondCreated(creation, view, request, context);
}
