import { setTimeout as wait } from "node:timers/promises";

/** Runs work after all earlier work has ended. Returns or throws what the work does. */
export type OneAtATime = <Result>(work: () => Result) => Promise<Result>;

export type OneAtATimeOptions = {
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number;
  readonly rest?: (ms: number) => Promise<void>;
};

/**
 * Creates a queue for CPU-bound work. It runs one piece at a time and pauses after each for as long as the piece took,
 * so that other requests always get half of the event loop's time.
 */
export function createOneAtATime({
  now = () => performance.now(),
  rest = (ms) => wait(ms),
}: OneAtATimeOptions = {}): OneAtATime {
  let last = Promise.resolve();
  return (work) => {
    let startedAt = now();
    const worked = last.then(() => {
      startedAt = now();
      return work();
    });
    const restAfter = () => rest(now() - startedAt);
    last = worked.then(restAfter, restAfter);
    return worked;
  };
}

/** Work on this many bytes takes less than a millisecond. */
const SMALL_BYTES = 64 * 1024;

/** Returns how to run work on this many bytes: large work in the queue, small work at once. */
export function runFor(bytes: number, oneAtATime: OneAtATime): OneAtATime {
  return bytes > SMALL_BYTES ? oneAtATime : runAtOnce;
}

const runAtOnce: OneAtATime = async (work) => work();
