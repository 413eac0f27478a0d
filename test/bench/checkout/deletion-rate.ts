import type { Observation } from "./observer.ts";

/** Records per second, on average over a short time before a moment (in milliseconds since 1970). */
export type Rate = { readonly at: number; readonly perSecond: number };

/** Long enough for some chunks even on a slow machine, short beside the second in which the speed shall change. */
const WINDOW_MS = 250;

/** The rate at each look of the observer, but for the first ones. */
export function readRates(progress: Observation["progress"]): readonly Rate[] {
  let first = 0;
  return progress.flatMap(([at, records]) => {
    while ((progress[first + 1]?.[0] ?? at) <= at - WINDOW_MS) first++;
    const [since, recordsThen] = progress[first] ?? [at, records];
    if (at - since < WINDOW_MS) return [];
    return [{ at, perSecond: (1_000 * (records - recordsThen)) / (at - since) }];
  });
}
