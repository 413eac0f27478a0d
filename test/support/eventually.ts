import { setTimeout as wait } from "node:timers/promises";

/**
 * Tries a probe until it no longer throws and answers what it answered. Throws the probe's last error when
 * the time is up.
 */
export async function eventually<T>(probe: () => Promise<T> | T, timeoutMs = 120_000): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (performance.now() >= endsAt) throw error;
    }
    await wait(25);
  }
}
