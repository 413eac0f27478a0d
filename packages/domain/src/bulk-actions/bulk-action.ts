/**
 * The five statuses of the base contract, which allows no others.
 * - `succeeded`: the action applied to at least one record, and nothing is left to do for the others: they do not exist
 *   in the account, or were already as the action leaves them
 * - `invalid`: every record was skipped
 * - `completed`: any other end, such as with a record that is in use, failed or was not attempted
 */
export type BulkActionStatus = "pending" | "processing" | "succeeded" | "completed" | "invalid";

/** Returns whether a bulk action is open. One that has ended never changes again. */
export function isOpen(status: BulkActionStatus): boolean {
  return status === "pending" || status === "processing";
}

/** A stored bulk action. Its chunks contain the record ids. */
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
  /** The bulk action that this one retries; null if none, or if that was pruned. */
  readonly retryOfId: string | null;
  /** The bulk action whose records this one brings back; null if none, or if that was pruned. */
  readonly restoreOfId: string | null;
  /** Until when it can be restored; null if it cannot. */
  readonly restorableUntil: Date | null;
  /** How many of its records restores have brought back. */
  readonly restoredCount: number;
  /** The token it was submitted with; null if unknown or deleted. */
  readonly createdBy: TokenName | null;
  /** The oldest pause that held it when it was read; null if none did, or if it has ended. */
  readonly paused: Holding | null;
  /** How workers slowed down for others when it was read; null if they did not, or if it has ended. */
  readonly braked: Braking | null;
};

/** A pause, as the callers of the bulk actions that it holds see it. */
export type Holding = {
  /** In Unix seconds. */
  readonly sinceSeconds: number;
  /** What the safety catch found; null for a pause by an operator. */
  readonly reason: string | null;
};

/** The brake of all workers, as the callers of open bulk actions see it. */
export type Braking = {
  readonly reason: string;
  /** In Unix seconds. */
  readonly sinceSeconds: number;
  /** How many times its idle latency the shop may become. */
  readonly target: number;
  /** How many times it is; null before the first measurement. */
  readonly measured: number | null;
  /** Of all workers together; null in the first moments. */
  readonly recordsPerSecond: number | null;
};

/** The public attributes of a token. */
export type TokenName = { readonly id: string; readonly name: string };
