import { setTimeout as wait } from "node:timers/promises";

/** Asks for some keys; answers at once. */
export type Ask<Key> = (keys: Iterable<Key>) => void;

/**
 * Runs a task over all that was asked for since its last run began: at once when it rests, otherwise as soon
 * as that run is over and `pauseMs` have passed. Runs never overlap, and however often a key is asked for
 * meanwhile, the next run has it once. The task must not throw.
 */
export function inBatches<Key>(task: (keys: readonly Key[]) => Promise<void>, pauseMs: number): Ask<Key> {
  const asked = new Set<Key>();
  let isRunning = false;
  async function run(): Promise<void> {
    isRunning = true;
    while (asked.size > 0) {
      const keys = [...asked];
      asked.clear();
      await task(keys);
      await wait(pauseMs, undefined, { ref: false });
    }
    isRunning = false;
  }
  return (keys) => {
    for (const key of keys) asked.add(key);
    if (!isRunning) void run();
  };
}
