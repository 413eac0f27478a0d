const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pause after each failure of a delivery: ten attempts over nearly 24 hours. */
const PAUSES_MS = [
  10 * SECOND,
  MINUTE,
  5 * MINUTE,
  20 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
  10 * HOUR,
] as const;

/** The random part of a pause, so that deliveries that failed together are not retried together. */
const JITTER = 0.1;

/**
 * Returns the pause before the next attempt in milliseconds, or `undefined` after the last one.
 *
 * @param failures number of consecutive failures, including this one
 * @param random from 0 to 1
 */
export function pauseAfter(failures: number, random: number): number | undefined {
  const pause = PAUSES_MS[failures - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 - JITTER * random));
}
