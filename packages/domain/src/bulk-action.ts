/**
 * The five statuses of the wire, for ever (the base contract allows no sixth):
 * `succeeded`: at least one record was deleted, and none of the others exists in the account;
 * `invalid`: the action applied to none of the ids, every one was skipped;
 * `completed`: every other end, such as a record that is in use, failed or was not attempted.
 */
export type BulkActionStatus = "pending" | "processing" | "succeeded" | "completed" | "invalid";

/** Whether more may happen to it; an ended bulk action never changes again. */
export function isOpen(status: BulkActionStatus): boolean {
  return status === "pending" || status === "processing";
}

/** One request as it is kept; the ids are in its chunks. */
export type BulkAction = {
  readonly id: string;
  readonly accountId: string;
  readonly actionType: string;
  readonly status: BulkActionStatus;
  readonly recordCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly cancelRequestedAt: Date | null;
  /** The bulk action whose failed and untouched records it takes up again; null also when that is pruned. */
  readonly retryOfId: string | null;
  /** The token it was submitted with; null when that is not known, or no longer there. */
  readonly createdBy: TokenName | null;
};

/** A token as it may be shown. */
export type TokenName = { readonly id: string; readonly name: string };
