import type { FailureCode } from "./outcome.ts";

/**
 * What went wrong with a chunk's statement, as far as its records are concerned: `refused` and `referenced`
 * (by a foreign key) will not pass by waiting; `locked` and `conflict` may, others hold the records; `slow`
 * (the statement time-out) may with fewer records; `server` is an error that usually means the server or the
 * schema, but came with these records only; `table_locked` is no record's fault, others hold the whole table.
 */
export type ChunkFault =
  | "refused"
  | "referenced"
  | "locked"
  | "conflict"
  | "slow"
  | "server"
  | "table_locked";

/**
 * What is known of other records of the bulk action while this one is refused: `others_pass`: one of them can
 * be changed at this moment; `others_passed`: some were, and none is left to try; `none`: none of those that were
 * tried can be changed, or there never was another.
 */
export type Evidence = "others_pass" | "others_passed" | "none";

/** A try that failed. */
export type FailedTry = {
  readonly fault: ChunkFault;
  /** How many records it took, at least 1. */
  readonly size: number;
  /** Transient failures of this chunk before this one. */
  readonly attempts: number;
  /** Counts for a single record and the fault `server`; `none` unless given. */
  readonly evidence?: Evidence | undefined;
};

/** What to do with the records that were tried together and failed together. */
export type ChunkRemedy =
  | { readonly kind: "halve"; readonly sliceSize: number }
  | { readonly kind: "back_off"; readonly delayMs: number }
  /** Counts no attempt. */
  | { readonly kind: "wait"; readonly delayMs: number }
  | { readonly kind: "fail_record"; readonly code: FailureCode };

/** Attempts that meet a lock or a deadlock before the records that cause it are singled out. */
export const MAX_ATTEMPTS = 5;

/** Attempts of a single record while nothing shows that the server is well: half a minute. */
export const MOST_ATTEMPTS = 8;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
const TABLE_DELAY_MS = 1_000;

/**
 * Decides how a failed try goes on. Ends for every fault but a locked table: sizes only shrink to one, attempts
 * only grow, and a single record out of attempts fails. So a bad record costs only itself, never its chunk.
 */
export function chooseRemedy(failed: FailedTry): ChunkRemedy {
  const { fault, size, attempts } = failed;
  if (fault === "table_locked") return { kind: "wait", delayMs: TABLE_DELAY_MS };
  if (attempts + 1 < attemptsWorth(failed, fault)) return { kind: "back_off", delayMs: backOffMs(attempts) };
  if (size > 1) return { kind: "halve", sliceSize: Math.ceil(size / 2) };
  return { kind: "fail_record", code: failureCode(fault) };
}

type RecordFault = Exclude<ChunkFault, "table_locked">;

// With how many attempts it is worth waiting between them.
function attemptsWorth({ size, evidence = "none" }: FailedTry, fault: RecordFault): number {
  switch (fault) {
    case "refused":
    case "referenced":
      return 1;
    case "locked":
    case "conflict":
      return MAX_ATTEMPTS;
    case "slow":
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

function failureCode(fault: RecordFault): FailureCode {
  switch (fault) {
    case "locked":
      return "record.locked";
    case "slow":
      return "record.timeout";
    case "conflict":
    case "referenced":
      return "record.conflict";
    case "refused":
    case "server":
      return "record.internal_error";
  }
}
