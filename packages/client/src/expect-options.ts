/** Throws `TypeError` for an option that the client does not know: left out, it might do more than was asked for. */
export function expectOptions(given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`There is no option ${JSON.stringify(unknown)}. The options are: ${known.join(", ")}.`);
}

/** The options of a request that creates a bulk action. */
export const CREATE_OPTIONS = ["idempotencyKey", "signal"] as const;
