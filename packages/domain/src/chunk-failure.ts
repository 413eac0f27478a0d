import type { FailureCode } from "./outcome.ts";

/**
 * What went wrong with a chunk's statement, as far as its records are concerned: `refused` and `referenced`
 * (by a foreign key) will not pass by waiting; `locked` and `conflict` may, others hold the records; `slow`
 * (the statement time-out) may with fewer records.
 */
export type ChunkFault = "refused" | "referenced" | "locked" | "conflict" | "slow";

/** What to do with the records that were tried together and failed together. */
export type ChunkRemedy =
  | { readonly kind: "halve"; readonly sliceSize: number }
  | { readonly kind: "back_off"; readonly delayMs: number }
  | { readonly kind: "fail_record"; readonly code: FailureCode };

/** Attempts that meet a lock or a deadlock before the records that cause it are singled out. */
export const MAX_ATTEMPTS = 5;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;

/**
 * Decides how a failed try goes on. Ends for every fault: sizes only shrink to one, attempts only grow,
 * and a single record out of attempts fails. So a bad record costs only itself, never its chunk.
 *
 * @param size how many records the try took, at least 1
 * @param attempts transient failures of this chunk before this one
 */
export function chooseRemedy(fault: ChunkFault, size: number, attempts: number): ChunkRemedy {
  if (isWorthWaiting(fault, size) && attempts + 1 < MAX_ATTEMPTS) {
    return { kind: "back_off", delayMs: backOffMs(attempts) };
  }
  if (size > 1) return { kind: "halve", sliceSize: Math.ceil(size / 2) };
  return { kind: "fail_record", code: failureCode(fault) };
}

function isWorthWaiting(fault: ChunkFault, size: number): boolean {
  switch (fault) {
    case "refused":
    case "referenced":
      return false;
    case "locked":
    case "conflict":
      return true;
    case "slow":
      return size === 1;
  }
}

function backOffMs(attempts: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** attempts, LONGEST_DELAY_MS);
}

function failureCode(fault: ChunkFault): FailureCode {
  switch (fault) {
    case "locked":
      return "record.locked";
    case "slow":
      return "record.timeout";
    case "conflict":
    case "referenced":
      return "record.conflict";
    case "refused":
      return "record.internal_error";
  }
}
