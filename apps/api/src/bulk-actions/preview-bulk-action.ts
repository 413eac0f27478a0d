import { admitRecords } from "@bulk/actions/admission/admit-records";
import { previewEffect } from "@bulk/store/records/preview";
import { bulkActionPreview, presentPreview } from "@bulk/wire/preview";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { type NewBulkAction, newBulkActionBody } from "./body/new-bulk-action.ts";
import { onePreview, PREVIEW_TIMEOUT_MS } from "./one-preview.ts";

/** `POST /v1/bulk_actions/preview` */
export function previewBulkAction(context: ApiContext): Endpoint {
  const body = newBulkActionBody(context);
  const one = onePreview(context);
  return {
    operation: {
      id: "previewBulkAction",
      summary: "Preview a bulk action",
      description:
        "Returns what the same body would do if it were submitted now: how many records the action would " +
        "apply to, and why it would skip the others. Changes nothing. The result may differ later because " +
        "records may change before the bulk action reaches them. An account may run one preview at a time; " +
        "others get 429 meanwhile.",
      body: body.schema,
      takesRecordIds: true,
      response: bulkActionPreview,
      refusals: ["conflict", "invalid"],
      changes: "nothing",
    },
    // Refuses before the body is read.
    admit: one.admit,
    respond: (request) => one.run(request.caller, () => preview(request, body.parse(request.body), context)),
  };
}

async function preview(
  { caller: { accountId } }: ApiRequest,
  action: NewBulkAction,
  { database, registry }: ApiContext,
): Promise<ApiResponse> {
  const effect = registry.get(action.actionType);
  if (effect === undefined) throw new Error(`The registry has lost ${action.actionType}.`);
  await admitRecords(action.actionType, { database, registry });
  const query = { accountId, recordIds: action.recordIds, timeoutMs: PREVIEW_TIMEOUT_MS };
  const found = await previewEffect(database, effect, query);
  return {
    kind: "json",
    body: presentPreview(action.actionType, action.recordIds.count, found, registry),
  };
}
