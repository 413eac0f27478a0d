/**
 * Passes errors on, but the same message at most once in `everyMs`; then with how often it came meanwhile.
 * For clients that try again many times a second while a server is away.
 */
export function sparingly(
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
    // Messages may carry addresses and numbers without end.
    if (seen.size >= 100) seen.clear();
    seen.set(message, { at: now(), suppressed: 0 });
    report(error, last?.suppressed ?? 0);
  };
}
