import { admitRecords } from "@bulk/actions/admission/admit-records";
import { loadRestoration } from "@bulk/actions/admission/load-restoration";
import { restoreBulkAction as storeRestore } from "@bulk/store/bulk-actions/restoring/restore-bulk-action";
import { jsonOfRecordIds } from "@bulk/store/record-ids/ids-json";
import { bulkActionResponse } from "@bulk/wire/bulk-action";
import { EXAMPLE_RESTORE } from "@bulk/wire/examples";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../../context.ts";
import { readBulkActionId } from "../../http/input/bulk-action-id.ts";
import { type RestoreBody, restoreBody } from "../body/restore-body.ts";
import { creationHeaders, nudge, readAdmission, respondCreated } from "../creation.ts";
import { countListed, readView, reserveTakenIds, shortViewQuery } from "../view.ts";

/** `POST /v1/bulk_actions/{id}/restore` */
export function restoreBulkAction(context: ApiContext): Endpoint {
  const body = restoreBody(context);
  return {
    operation: {
      id: "restoreBulkAction",
      summary: "Restore the records of a bulk action",
      description:
        "Creates and returns a new bulk action that brings back the records that an ended one has changed, as they were " +
        "then, with what went with them. It has an `action_type` of its own, which cannot be submitted with ids, and is " +
        "canceled and retried like any other. A record that cannot come back is skipped with the reason. With `record_ids` only " +
        "these records come back. Records that an earlier restore has brought back are left out. Errors: " +
        "`bulk_action.not_restorable` before the end, and if the bulk action was created with `restorable: false` or " +
        "cannot be taken back; `bulk_action.restore_expired` after `details.restorable_until` or a purge; " +
        "`bulk_action.restore_in_progress` while another restore of it is open; `bulk_action.nothing_to_restore` if no " +
        "record is left.",
      query: shortViewQuery,
      ...creationHeaders,
      body: body.schema,
      isBodyOptional: true,
      takesRecordIds: true,
      response: bulkActionResponse(context.registry).meta({ examples: [EXAMPLE_RESTORE] }),
      refusals: ["not_found", "conflict", "gone", "invalid"],
    },
    respond: (request) => restore(request, body, context),
  };
}

async function restore(request: ApiRequest, body: RestoreBody, context: ApiContext): Promise<ApiResponse> {
  const { database } = context;
  const { accountId } = request.caller;
  const id = readBulkActionId(request.params);
  const content = body.open(request.body);
  const view = readView(request);
  const restoration = await loadRestoration({ accountId, id }, context);
  const recordIds = await body.read(content, restoration.key.type);
  await admitRecords(restoration.type, context);
  const meaning = { restoreOf: id, ...(recordIds && { recordIds: jsonOfRecordIds(recordIds) }) };
  const admission = await readAdmission(request, context, `/v1/bulk_actions/${id}/restore`, meaning);
  await reserveTakenIds({ accountId, id }, view, request, context);
  const creation = await storeRestore(database, {
    ...admission,
    id,
    actionType: restoration.type,
    recordIds,
    mostListed: countListed(view, context),
  });
  nudge(creation, context);
  return await respondCreated(creation, view, request, context);
}
