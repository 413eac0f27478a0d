import { setTimeout as wait } from "node:timers/promises";

/** Waits, but no longer than until the signal is aborted. Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
