/**
 * What became of one record. `pending`: nothing yet, and the bulk action goes on; `not_attempted`: nothing,
 * and it has ended.
 */
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number];

export const RECORD_OUTCOMES = ["deleted", "skipped", "failed", "not_attempted", "pending"] as const;

/** Why a record the action does apply to could not be changed. */
export type FailureCode = "record.locked" | "record.timeout" | "record.conflict" | "record.internal_error";

/** Whether the same id may succeed in a later bulk action: what stood in its way passes by itself. */
export function isRetriable(code: FailureCode): boolean {
  return explain(code).retriable;
}

/** The code of every record that is `not_attempted`. */
export const NOT_ATTEMPTED = "record.not_attempted";

/** A code in words, and whether the same id may succeed in a later bulk action. */
export type Reason = { readonly message: string; readonly retriable: boolean };

/** What a code means. One that this version does not know, because a newer worker wrote it, is a skip. */
export function explain(code: string): Reason {
  return REASONS.get(code) ?? { message: "The action did not apply to the record.", retriable: false };
}

const REASONS: ReadonlyMap<string, Reason> = new Map([
  reason("record.not_found", "final", "There is no such record in this account, or no longer."),
  reason("record.in_use", "final", "Something that stays refers to the record, such as an order line."),
  reason("record.kept", "final", "The database's own rules (a trigger or a policy) kept the record."),
  reason("record.locked", "retriable", "Something else held the record for too long."),
  reason("record.timeout", "retriable", "The record took too long."),
  reason(
    "record.conflict",
    "retriable",
    "Another change to the record, or to what refers to it, came between.",
  ),
  reason(
    "record.internal_error",
    "final",
    "The record is refused on our side, and will be until that is mended.",
  ),
  reason(
    NOT_ATTEMPTED,
    "retriable",
    "The bulk action ended before it came to the record, which is untouched.",
  ),
]);

function reason(code: string, kind: "retriable" | "final", message: string): [string, Reason] {
  return [code, { message, retriable: kind === "retriable" }];
}

/** How many of a bulk action's records ended in which outcome so far. */
export type Tally = {
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
};
