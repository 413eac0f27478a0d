import { admitRecords } from "@bulk/actions/admission/admit-records";
import { previewSelected } from "@bulk/store/bulk-actions/selecting/preview-selected";
import { previewEffect } from "@bulk/store/records/preview";
import { type CountedPreview, presentPreview, type WirePreview } from "@bulk/wire/preview";
import type { ApiContext } from "../../context.ts";
import type { NewBulkAction, SelectedBulkAction } from "../body/new-bulk-action.ts";
import { PREVIEW_TIMEOUT_MS } from "../one-of-account.ts";
import { selectionOf } from "../selecting/selection-of.ts";

/** Returns what a bulk action of the account would do if it were submitted now. Run it in `onePreview`. */
export async function previewNew(
  accountId: string,
  action: NewBulkAction,
  context: ApiContext,
): Promise<WirePreview> {
  await admitRecords(action.actionType, context);
  const found =
    action.kind === "selected"
      ? await findSelected(accountId, action, context)
      : await findListed(accountId, action, context);
  return presentPreview(action.actionType, found, context.registry);
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
