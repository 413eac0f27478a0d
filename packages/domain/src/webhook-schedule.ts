const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long a failed delivery rests, one pause after each failure: ten attempts over nearly 24 hours. */
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

/** The part of a pause that chance may take away, so that what failed together does not come back together. */
const JITTER = 0.1;

/**
 * How long to wait before the next attempt; `undefined`: that was the last.
 *
 * @param failures in a row, this one included, at least 1
 * @param random from 0 to 1
 */
export function pauseAfter(failures: number, random: number): number | undefined {
  const pause = PAUSES_MS[failures - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 - JITTER * random));
}
