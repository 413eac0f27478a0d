/**
 * Returns a function that reports errors, each message at most once per `everyMs`, with the number of reports suppressed
 * meanwhile. For clients that reconnect many times a second while a server is away.
 */
export function reportAtMostEvery(
  report: (error: unknown, suppressed: number) => void,
  everyMs: number,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  const seen = new Map<string, { at: number; suppressed: number }>();
  return (error) => {
    const message = String(error);
    const last = seen.get(message);
    if (last !== undefined && now() - last.at < everyMs) {
      last.suppressed += 1;
      return;
    }
    // Messages may contain addresses and numbers, so there may be any number of different ones.
    if (seen.size >= 100) seen.clear();
    seen.set(message, { at: now(), suppressed: 0 });
    report(error, last?.suppressed ?? 0);
  };
}
