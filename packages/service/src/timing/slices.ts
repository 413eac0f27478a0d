import { setImmediate as nextTurn } from "node:timers/promises";

/** CPU-bound work that yields about every millisecond. */
export type Slices<Result> = Generator<undefined, Result>;

/** Runs the work without a pause. Returns or throws what it does. */
export function runAtOnce<Result>(slices: Slices<Result>): Result {
  let step = slices.next();
  while (step.done !== true) step = slices.next();
  return step.value;
}

/** Runs the work and lets the event loop do everything else that waits after each slice. */
export async function runInSlices<Result>(slices: Slices<Result>): Promise<Result> {
  let step = slices.next();
  while (step.done !== true) {
    await nextTurn();
    step = slices.next();
  }
  return step.value;
}
