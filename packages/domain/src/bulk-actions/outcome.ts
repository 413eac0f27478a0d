import type { RecordEffect } from "./record-effect.ts";

/**
 * The outcome of one record. `applied`: the action changed it; callers read the effect of the action instead
 * (`deleted`, `archived`). `pending`: none yet, the bulk action is open; `not_attempted`: none, and it has ended.
 */
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number];

/** All outcomes of records. */
export const RECORD_OUTCOMES = ["applied", "skipped", "failed", "not_attempted", "pending"] as const;

/** Returns an outcome as callers read it. */
export function nameOutcome(outcome: RecordOutcome, effect: string): string {
  return outcome === "applied" ? effect : outcome;
}

/** Why a record that the action applies to could not be changed. */
export type FailureCode = "record.locked" | "record.timeout" | "record.conflict" | "record.internal_error";

/** Returns whether the same id may succeed in a later bulk action, because the cause is temporary. */
export function isRetriable(code: FailureCode): boolean {
  return explain(code).retriable;
}

/** The code of every record that is `not_attempted`. */
export const NOT_ATTEMPTED = "record.not_attempted";

/** The meaning of a code, and whether the same id may succeed in a later bulk action. */
export type Reason = { readonly message: string; readonly retriable: boolean };

/**
 * Returns the code that callers read. A stored one may have a detail after a colon, such as the name of a constraint:
 * `record.unique_taken:products_sku_key`. `BARE_CODE` of the store does the same in SQL.
 */
export function bareCode(stored: string): string {
  return splitCode(stored)[0];
}

/**
 * Returns the meaning of a stored code; its detail ends the message. An unknown code, written by a newer worker, is a skip.
 *
 * @param skips the skip codes of the action
 */
export function explain(stored: string, skips: RecordEffect["skips"] = {}): Reason {
  const [code, detail] = splitCode(stored);
  const message = skips[code]?.message ?? "The action did not apply to the record.";
  const reason = REASONS.get(code) ?? { message, retriable: false };
  return detail === "" ? reason : { ...reason, message: `${reason.message.replace(/[.:]$/, "")}: ${detail}` };
}

function splitCode(stored: string): readonly [code: string, detail: string] {
  const colon = stored.indexOf(":");
  return colon === -1 ? [stored, ""] : [stored.slice(0, colon), stored.slice(colon + 1)];
}

const REASONS: ReadonlyMap<string, Reason> = new Map([
  reason("record.not_found", "final", "The account has no such record."),
  reason("record.no_longer_matches", "final", "The record no longer matches the filter of the bulk action."),
  reason("record.kept", "final", "A trigger or policy of the database kept the record."),
  reason("record.locked", "retriable", "Another session locked the record for too long."),
  reason("record.timeout", "retriable", "The statement for this record took too long."),
  reason(
    "record.conflict",
    "retriable",
    "The record, or a row that references it, was changed concurrently.",
  ),
  reason(
    "record.internal_error",
    "final",
    "The database refuses the record with an error that the operator must fix.",
  ),
  reason(
    NOT_ATTEMPTED,
    "retriable",
    "The bulk action ended before it attempted the record. The record is unchanged.",
  ),
]);

function reason(code: string, kind: "retriable" | "final", message: string): [string, Reason] {
  return [code, { message, retriable: kind === "retriable" }];
}

/** Number of records per outcome so far. */
export type Tally = {
  readonly applied: number;
  readonly skipped: number;
  readonly failed: number;
};

/** Returns the counts as callers read them: `{ deleted: 3, skipped: 1, failed: 0 }`. */
export function nameTally({ applied, skipped, failed }: Tally, effect: string) {
  return { [effect]: applied, skipped, failed };
}
