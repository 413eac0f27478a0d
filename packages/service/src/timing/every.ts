import { setTimeout as wait } from "node:timers/promises";

export type Periodic = {
  /** Stops the series. Resolves when the current run, if any, has ended. */
  stop(): Promise<void>;
};

/**
 * Runs a task repeatedly, with a pause of `intervalMs` after each run, so runs never overlap. `onError` receives what
 * a run throws; the series goes on.
 */
export function every(
  intervalMs: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): Periodic {
  const stopping = new AbortController();
  const ended = run(intervalMs, task, onError, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function run(
  intervalMs: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await task().catch(onError);
    // Rejects only after `stop`.
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
