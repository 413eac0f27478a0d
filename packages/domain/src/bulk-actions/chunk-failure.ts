import type { FailureCode } from "./outcome.ts";

/**
 * Why a chunk's statement failed.
 * - `refused`, `referenced` (by a foreign key): waiting does not help
 * - `locked`, `conflict`: other sessions hold the records; waiting may help
 * - `slow`: the statement time-out; fewer records may help
 * - `taken`: a row that comes back meets a unique key or an exclusion constraint; waiting does not help
 * - `orphaned`: a row that comes back refers to a row that is not there; waiting does not help
 * - `early`: the same, while other chunks that may bring back the other row are not finished; waiting may help
 * - `kept`: rows that go with the records were kept by a rule of the database; waiting does not help
 * - `server`: an error that usually concerns the server or the schema, but occurred only with these records
 * - `table_locked`: another session holds the whole table; no record is the cause
 */
export type ChunkFault =
  | "refused"
  | "referenced"
  | "locked"
  | "conflict"
  | "slow"
  | "taken"
  | "orphaned"
  | "early"
  | "kept"
  | "server"
  | "table_locked";

/**
 * What the other records of the bulk action show while this one is refused.
 * - `others_pass`: another record can be changed now
 * - `others_passed`: others were changed earlier, and none is left to try
 * - `none`: no other record could be changed, or there is none
 */
export type Evidence = "others_pass" | "others_passed" | "none";

/** A failed try of a chunk or of a part of it. */
export type FailedTry = {
  readonly fault: ChunkFault;
  /** Number of records in the try, at least 1. */
  readonly size: number;
  /** Number of earlier transient failures of this chunk. */
  readonly attempts: number;
  /** Used only for a single record with the fault `server`; default `none`. */
  readonly evidence?: Evidence | undefined;
  /** The constraint that refuses the records, if the fault is `taken`. */
  readonly constraint?: string | undefined;
};

/** What to do with records that failed in the same try. */
export type ChunkRemedy =
  | { readonly kind: "halve"; readonly sliceSize: number }
  | { readonly kind: "back_off"; readonly delayMs: number }
  /** Is not counted as an attempt. */
  | { readonly kind: "wait"; readonly delayMs: number }
  | { readonly kind: "fail_record"; readonly code: FailureCode }
  | { readonly kind: "skip_record"; readonly code: string };

/** Attempts that meet a lock or a deadlock before the chunk is halved to isolate the cause. */
export const MAX_ATTEMPTS = 5;

/** Attempts of a single record while no other record shows that the server works: half a minute. */
export const MOST_ATTEMPTS = 8;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
const TABLE_DELAY_MS = 1_000;

/**
 * Decides what follows a failed try. For every fault but a locked table this terminates: sizes only shrink, attempts
 * only grow, and a single record without attempts left fails, or is skipped. So a bad record never fails the rest of its chunk.
 */
export function chooseRemedy(failed: FailedTry): ChunkRemedy {
  const { fault, size, attempts, constraint } = failed;
  if (fault === "table_locked") return { kind: "wait", delayMs: TABLE_DELAY_MS };
  if (attempts + 1 < maxAttempts(failed, fault)) return { kind: "back_off", delayMs: backOffMs(attempts) };
  if (size > 1) return { kind: "halve", sliceSize: Math.ceil(size / 2) };
  return conclude(fault, constraint);
}

type RecordFault = Exclude<ChunkFault, "table_locked">;

// The number of attempts before the chunk is halved or the record fails.
function maxAttempts({ size, evidence = "none" }: FailedTry, fault: RecordFault): number {
  switch (fault) {
    case "refused":
    case "referenced":
    case "taken":
    case "orphaned":
    case "kept":
      return 1;
    case "locked":
    case "conflict":
      return MAX_ATTEMPTS;
    case "slow":
    case "early":
      return size === 1 ? MAX_ATTEMPTS : 1;
    case "server":
      return size === 1 ? ATTEMPTS_BY_EVIDENCE[evidence] : 1;
  }
}

const ATTEMPTS_BY_EVIDENCE: Readonly<Record<Evidence, number>> = {
  others_pass: 1,
  others_passed: MAX_ATTEMPTS,
  none: MOST_ATTEMPTS,
};

function backOffMs(attempts: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** attempts, LONGEST_DELAY_MS);
}

function conclude(fault: RecordFault, constraint: string | undefined): ChunkRemedy {
  switch (fault) {
    case "kept":
      return { kind: "skip_record", code: "record.kept" };
    case "taken":
      return { kind: "skip_record", code: `record.unique_taken${constraint ? `:${constraint}` : ""}` };
    case "orphaned":
    case "early":
      return { kind: "skip_record", code: "record.parent_gone" };
    case "locked":
      return { kind: "fail_record", code: "record.locked" };
    case "slow":
      return { kind: "fail_record", code: "record.timeout" };
    case "conflict":
    case "referenced":
      return { kind: "fail_record", code: "record.conflict" };
    case "refused":
    case "server":
      return { kind: "fail_record", code: "record.internal_error" };
  }
}
