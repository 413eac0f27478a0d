import { type BulkAction, isOpen } from "./bulk-action.ts";
import type { Tally } from "./outcome.ts";

/** What became of a bulk action as a whole: its status, told more exactly. */
export type ActionOutcome = (typeof ACTION_OUTCOMES)[number];

export const ACTION_OUTCOMES = ["succeeded", "partial", "failed", "canceled", "invalid"] as const;

/** What there is to know of a bulk action's progress. */
export type Progress = Tally & {
  /** When a record last got its outcome. */
  readonly lastProgressAt: Date | null;
};

/** A bulk action that has only just been written. */
export const NO_PROGRESS: Progress = { deleted: 0, skipped: 0, failed: 0, lastProgressAt: null };

export function countProcessed({ deleted, skipped, failed }: Tally): number {
  return deleted + skipped + failed;
}

/** How many records an ended bulk action left untouched; 0 as long as it is open. */
export function countNotAttempted(bulkAction: BulkAction & Tally): number {
  return isOpen(bulkAction.status) ? 0 : bulkAction.recordCount - countProcessed(bulkAction);
}

/**
 * `undefined` while it is open; `succeeded` and `invalid` as the status says. A `completed` one is
 * `canceled` when a cancel left records untouched (one that came too late for that changes nothing),
 * otherwise `partial` when any record was deleted and `failed` when none was.
 */
export function judge(bulkAction: BulkAction & Tally): ActionOutcome | undefined {
  switch (bulkAction.status) {
    case "pending":
    case "processing":
      return undefined;
    case "succeeded":
    case "invalid":
      return bulkAction.status;
    case "completed":
      if (bulkAction.cancelRequestedAt !== null && countNotAttempted(bulkAction) > 0) return "canceled";
      return bulkAction.deleted > 0 ? "partial" : "failed";
  }
}
