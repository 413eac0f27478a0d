import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import type { Stop } from "./end-turn.ts";

/** What a try at one chunk came to: records with outcomes, or the reason to stop. */
export type TryResult = { readonly kind: "worked"; readonly tally: Tally } | Stop;

/** No record has an outcome. */
export const NOTHING: Tally = { applied: 0, skipped: 0, failed: 0 };

/** Returns how many records have an outcome after this try. */
export function addResult(tally: Tally, result: TryResult): Tally {
  if (result.kind !== "worked") return tally;
  return {
    applied: tally.applied + result.tally.applied,
    skipped: tally.skipped + result.tally.skipped,
    failed: tally.failed + result.tally.failed,
  };
}
