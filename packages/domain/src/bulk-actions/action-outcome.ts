import { type BulkAction, isOpen } from "./bulk-action.ts";
import type { Tally } from "./outcome.ts";

/** How a bulk action ended: its status in more detail. */
export type ActionOutcome = (typeof ACTION_OUTCOMES)[number];

/** All outcomes of bulk actions. */
export const ACTION_OUTCOMES = ["succeeded", "partial", "failed", "canceled", "invalid"] as const;

/** The progress of a bulk action. */
export type Progress = Tally & {
  /** When a record last got its outcome. */
  readonly lastProgressAt: Date | null;
};

/** The progress of a new bulk action. */
export const NO_PROGRESS: Progress = { applied: 0, skipped: 0, failed: 0, lastProgressAt: null };

/** Returns how many records have an outcome. */
export function countProcessed({ applied, skipped, failed }: Tally): number {
  return applied + skipped + failed;
}

/** Returns how many records an ended bulk action did not attempt; 0 while it is open. */
export function countNotAttempted(bulkAction: BulkAction & Tally): number {
  return isOpen(bulkAction.status) ? 0 : bulkAction.recordCount - countProcessed(bulkAction);
}

/**
 * Returns the outcome of a bulk action: `undefined` while it is open; the status if that is `succeeded` or `invalid`.
 * A `completed` one is `canceled` if a cancel left records not attempted, otherwise `partial` if the action applied to
 * any record and `failed` if to none.
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
      return bulkAction.applied > 0 ? "partial" : "failed";
  }
}
