import { setTimeout as wait } from "node:timers/promises";

export type Periodic = {
  /** Ends the waiting; resolves when a run that is under way has ended. */
  stop(): Promise<void>;
};

/**
 * Runs a task again and again, waiting `intervalMs` after the end of each run, so runs never overlap.
 * A run that throws is reported to `onError` and does not end the series.
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
    // Rejects only when stopped.
    await wait(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
