import { UNLISTED_IDS } from "@bulk/store/bulk-actions/reading/find-bulk-action";
import type { Retry } from "@bulk/store/bulk-actions/retry-bulk-action";
import { createSelected } from "@bulk/store/bulk-actions/selecting/create-selected";
import type { ApiContext } from "../../context.ts";
import type { SelectedBulkAction } from "../body/new-bulk-action.ts";
import { countRestoreDays, readAdmission } from "../creation.ts";
import { oneSelection, PREVIEW_TIMEOUT_MS, SELECTION_TIMEOUT_MS } from "../one-of-account.ts";
import type { Submission } from "../submitting/submission.ts";
import { countListed, findForView, showsIds, type View } from "../view.ts";
import { selectionOf } from "./selection-of.ts";

/** Creates a bulk action over the records that a filter selects, and reads its ids if the view shows them. */
export async function submitSelected(
  submission: Submission,
  action: SelectedBulkAction,
  view: View,
  context: ApiContext,
): Promise<Retry> {
  const { database, config } = context;
  const { accountId } = submission.caller;
  const { actionType, filter, maxRecords, expectedCount, restorable } = action;
  const meaning = {
    ...{ actionType, filter, maxRecords },
    ...(expectedCount !== undefined && { expectedCount }),
    ...(!restorable && { restorable }),
  };
  const admission = await readAdmission(submission, context, submission.path, meaning);
  // Before the creation: one that is done must not be refused.
  await submission.reserveRecords(Math.min(maxRecords, countListed(view, context)));
  const { selection } = await selectionOf(action, accountId, context);
  const creation = await oneSelection(context).run(submission.caller, () =>
    createSelected(database, {
      ...admission,
      ...selection,
      ...{ actionType, filter, maxRecords, expectedCount },
      chunkSize: config.CHUNK_SIZE,
      restoreDays: restorable ? countRestoreDays(actionType, context) : 0,
      timeoutMs: PREVIEW_TIMEOUT_MS,
      writeTimeoutMs: SELECTION_TIMEOUT_MS,
    }),
  );
  if (creation.kind === "replayed") return creation;
  const created = creation.bulkAction;
  const found = showsIds(view) ? await findForView(created, view, submission, context) : undefined;
  return { kind: "created", bulkAction: { ...UNLISTED_IDS, ...created, ...found } };
}
