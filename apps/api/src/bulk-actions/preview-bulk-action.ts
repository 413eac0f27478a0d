import { admitRecords } from "@bulk/actions/admission/admit-records";
import { previewSelected } from "@bulk/store/bulk-actions/selecting/preview-selected";
import { previewEffect } from "@bulk/store/records/preview";
import { bulkActionPreview, type CountedPreview, presentPreview } from "@bulk/wire/preview";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { type NewBulkAction, newBulkActionBody, type SelectedBulkAction } from "./body/new-bulk-action.ts";
import { onePreview, PREVIEW_TIMEOUT_MS } from "./one-of-account.ts";
import { selectionOf } from "./selecting/selection-of.ts";

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
        "others get 429 meanwhile. Of a filter, the response also has a sample of the ids, and too many matches or another " +
        "count than expected are refused as they would be.",
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
  context: ApiContext,
): Promise<ApiResponse> {
  await admitRecords(action.actionType, context);
  const found =
    action.kind === "selected"
      ? await findSelected(accountId, action, context)
      : await findListed(accountId, action, context);
  return { kind: "json", body: presentPreview(action.actionType, found, context.registry) };
}

async function findListed(
  accountId: string,
  { actionType, recordIds }: Extract<NewBulkAction, { readonly kind: "listed" }>,
  { database, registry }: ApiContext,
): Promise<CountedPreview> {
  const effect = registry.get(actionType);
  if (effect === undefined) throw new Error(`The registry has lost ${actionType}.`);
  const query = { accountId, recordIds, timeoutMs: PREVIEW_TIMEOUT_MS };
  return { ...(await previewEffect(database, effect, query)), total: recordIds.count };
}

async function findSelected(
  accountId: string,
  action: SelectedBulkAction,
  context: ApiContext,
): Promise<CountedPreview> {
  const { maxRecords, expectedCount } = action;
  const { effect, selection } = await selectionOf(action, accountId, context);
  const limits = { maxRecords, expectedCount, timeoutMs: PREVIEW_TIMEOUT_MS };
  return await previewSelected(context.database, effect, { ...selection, ...limits });
}
