/** The wire's way to write a moment. */
export function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** The same of one that may not have come. */
export function unixSecondsOrNull(time: Date | null): number | null {
  return time && unixSeconds(time);
}
