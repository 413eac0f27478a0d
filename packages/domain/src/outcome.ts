/** Why a record the action does apply to could not be changed. */
export type FailureCode = "record.locked" | "record.timeout" | "record.conflict" | "record.internal_error";

/** Whether the same id may succeed in a later bulk action: what stood in its way passes by itself. */
export function isRetriable(code: FailureCode): boolean {
  return code !== "record.internal_error";
}

/** How many of a bulk action's records ended in which outcome so far. */
export type Tally = {
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
};
