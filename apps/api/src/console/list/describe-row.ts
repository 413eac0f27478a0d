import { countNotAttempted, countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { ListedBulkAction } from "@bulk/store/bulk-actions/reading/all-bulk-actions";
import { findSubmitters } from "@bulk/store/journal/list-journal";
import { nameState } from "../action/describe-action.ts";
import type { ConsoleContext } from "../context.ts";

/** Describes the rows of a list, in words. */
export async function describeRows(
  rows: readonly ListedBulkAction[],
  { database, api }: Pick<ConsoleContext, "database" | "api">,
) {
  const own = rows.filter(({ createdBy }) => createdBy === null).map(({ id }) => id);
  const submitters = await findSubmitters(database, own);
  return rows.map((row) => ({
    ...describeRow(row, api.registry),
    by: row.createdBy?.name ?? submitters.get(row.id),
  }));
}

function describeRow(row: ListedBulkAction, effects: RecordEffects) {
  const end = row.finishedAt ?? new Date();
  return {
    ...row,
    state: nameState(row),
    effect: effectWord(effects, row.actionType),
    processed: countProcessed(row),
    notAttempted: countNotAttempted(row),
    tookMs: row.startedAt === null ? undefined : end.getTime() - row.startedAt.getTime(),
  };
}
