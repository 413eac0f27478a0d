import { setTimeout as wait } from "node:timers/promises";

/** Runs this once everything that came before has been run. Returns or throws what it does. */
export type OneAtATime = <Result>(work: () => Result) => Promise<Result>;

export type OneAtATimeOptions = {
  /** In milliseconds, from any moment on. */
  readonly now?: () => number;
  readonly rest?: (ms: number) => Promise<void>;
};

/**
 * Runs work that keeps the event loop busy: one piece at a time, and after each a rest as long as the piece took. However
 * many callers bring such work, all other requests have half of the time.
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
