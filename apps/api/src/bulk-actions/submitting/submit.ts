import { admitRecords } from "@bulk/actions/admission/admit-records";
import { type Creation, createBulkAction } from "@bulk/store/bulk-actions/create-bulk-action";
import type { Retry } from "@bulk/store/bulk-actions/retry-bulk-action";
import { jsonOfRecordIds } from "@bulk/store/record-ids/ids-json";
import type { ApiContext } from "../../context.ts";
import type { NewBulkAction } from "../body/new-bulk-action.ts";
import { countRestoreDays, nudge, readAdmission } from "../creation.ts";
import { submitSelected } from "../selecting/submit-selected.ts";
import type { View } from "../view.ts";
import type { Submission } from "./submission.ts";

/**
 * Creates a bulk action and enqueues its first turns, or finds the one that its idempotency key created before. Every rule of
 * the API that is not about the form of a request is checked here or below.
 */
export async function submit(
  submission: Submission,
  action: NewBulkAction,
  view: View,
  context: ApiContext,
): Promise<Retry> {
  await admitRecords(action.actionType, context);
  const creation =
    action.kind === "selected"
      ? await submitSelected(submission, action, view, context)
      : await submitListed(submission, action, context);
  nudge(creation, context);
  return creation;
}

async function submitListed(
  submission: Submission,
  { actionType, recordIds, restorable }: Extract<NewBulkAction, { readonly kind: "listed" }>,
  context: ApiContext,
): Promise<Creation> {
  // As it was before bodies had `restorable`, for the same request sent again.
  const meaning = {
    actionType,
    recordIds: jsonOfRecordIds(recordIds),
    ...(!restorable && { restorable }),
  };
  const admission = await readAdmission(submission, context, submission.path, meaning);
  const restoreDays = restorable ? countRestoreDays(actionType, context) : 0;
  const chunkSize = context.config.CHUNK_SIZE;
  return await createBulkAction(context.database, {
    ...admission,
    ...{ actionType, recordIds, chunkSize, restoreDays },
  });
}
