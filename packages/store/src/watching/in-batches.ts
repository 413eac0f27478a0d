import { setTimeout as wait } from "node:timers/promises";

/** Requests a run for some keys; returns at once. */
export type RunFor<Key> = (keys: Iterable<Key>) => void;

/**
 * Runs a task over all keys requested since its last run began: at once if none is running, otherwise `pauseMs` after
 * the end of that run. Runs never overlap, and a run has each key once. The task must not throw.
 */
export function inBatches<Key>(task: (keys: readonly Key[]) => Promise<void>, pauseMs: number): RunFor<Key> {
  const requested = new Set<Key>();
  let isRunning = false;
  async function run(): Promise<void> {
    isRunning = true;
    while (requested.size > 0) {
      const keys = [...requested];
      requested.clear();
      await task(keys);
      await wait(pauseMs, undefined, { ref: false });
    }
    isRunning = false;
  }
  return (keys) => {
    for (const key of keys) requested.add(key);
    if (!isRunning) void run();
  };
}
