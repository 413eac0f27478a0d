/** How the catalogs differ from what was expected. */
export type Difference = {
  /** Lines that were not expected. */
  readonly unexpected: readonly string[];
  /** Lines that were expected and are missing. */
  readonly missing: readonly string[];
};

/** Compares lines as sets. Returns `undefined` if they agree. */
export function compareLines(expected: readonly string[], found: readonly string[]): Difference | undefined {
  const unexpected = found.filter((line) => !expected.includes(line));
  const missing = expected.filter((line) => !found.includes(line));
  return unexpected.length + missing.length === 0 ? undefined : { unexpected, missing };
}

/** Says in one line what differs. */
export function describeDifference({ unexpected, missing }: Difference): string {
  return [
    ...unexpected.map((line) => `not declared: ${line}`),
    ...missing.map((line) => `declared and missing: ${line}`),
  ].join("; ");
}
