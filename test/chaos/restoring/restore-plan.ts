import { createRandom } from "../random.ts";
import type { Deletion } from "./deletions.ts";

/** How a deletion is taken back, and when it is begun, counted from the start of this phase. */
export type PlannedRestore = { readonly atMs: number; readonly deletion: Deletion; readonly way: Way };

export type Way =
  | { readonly kind: "whole" }
  /** The first `count` of its records, then the others, by their ids. */
  | { readonly kind: "in_parts"; readonly count: number }
  /** Twice with the same `Idempotency-Key`. */
  | { readonly kind: "keyed"; readonly key: string }
  /** Canceled so long after its 200, then once more. */
  | { readonly kind: "canceled"; readonly afterMs: number };

/** Takes back everything in the first three quarters of the time, in an order by chance: a pure function of its arguments. */
export function planRestores(
  seed: number,
  seconds: number,
  deletions: readonly Deletion[],
): readonly PlannedRestore[] {
  const random = createRandom(seed + 6_000_003);
  const gapMs = (seconds * 750) / Math.max(1, deletions.length);
  return random.shuffle(deletions).map((deletion, index) => ({
    atMs: Math.round((index + random.next()) * gapMs),
    deletion,
    way: drawWay(),
  }));

  function drawWay(): Way {
    const ways: readonly (() => Way)[] = [
      () => ({ kind: "whole" }),
      () => ({ kind: "in_parts", count: random.integer(1, 100) }),
      () => ({ kind: "keyed", key: random.uuid() }),
      () => ({ kind: "canceled", afterMs: random.logUniform(1, 1_000) }),
    ];
    return random.pick(ways)();
  }
}
