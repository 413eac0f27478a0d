import type { Measured } from "./pace.ts";

/** Compares small transactions beside slices with those in the rests between them. */
export type HarmMeter = {
  note(what: Noted, tookMs: number): void;
  /** Returns what was measured. `undefined`: too little since it last returned something. */
  take(): Measured | undefined;
};

/** A small transaction beside a slice or in a rest, or a full slice itself. */
type Noted = "beside" | "resting" | "slice";

/** A measurement needs so many new ones of each kind. */
const ENOUGH = 8;

/** The share of each in the mean. */
const WEIGHT = 0.1;

/**
 * Creates a meter. It keeps means of logarithms: latencies have a long tail, and one flush of a slow disk must not slow
 * down everything for seconds.
 */
export function createHarmMeter(): HarmMeter {
  const means = { beside: createMean(), resting: createMean(), slice: createMean() };
  return {
    note: (what, tookMs) => means[what].add(Math.log(Math.max(tookMs, 0.01))),
    take() {
      if (Object.values(means).some((mean) => mean.count() < ENOUGH)) return undefined;
      const [beside, resting, slice] = [means.beside.take(), means.resting.take(), means.slice.take()];
      return {
        besideRatio: Math.exp(beside - resting),
        sliceMs: Math.exp(slice),
        restingMs: Math.exp(resting),
      };
    },
  };
}

function createMean() {
  let count = 0;
  let total = 0;
  let mean: number | undefined;
  return {
    count: () => count,
    add(value: number) {
      count += 1;
      total += 1;
      // A plain mean at first.
      const weight = Math.max(WEIGHT, 1 / total);
      mean = mean === undefined ? value : mean + weight * (value - mean);
    },
    take() {
      count = 0;
      return mean ?? 0;
    },
  };
}
