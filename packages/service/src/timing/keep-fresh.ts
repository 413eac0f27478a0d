export type Fresh<T> = {
  /** Returns what the last read returned, read again when that read began `maxAgeMs` ago. Throws what the read throws. */
  value(): Promise<T>;
  /** Returns what the last read returned, unless that read began `youngerThanMs` ago or earlier; `undefined` before the first has ended. */
  latest(youngerThanMs?: number): T | undefined;
};

/**
 * Keeps what `read` returns as long as it is younger than `maxAgeMs`, counted from the begin of the read. One read runs at
 * a time, and callers share it. An error is not kept: the next caller reads again.
 */
export function keepFresh<T extends NonNullable<unknown>>(
  maxAgeMs: number,
  read: (before: T | undefined) => Promise<T>,
  now: () => number = () => performance.now(),
): Fresh<T> {
  let known: { readonly value: T; readonly readAt: number } | undefined;
  let reading: Promise<T> | undefined;
  async function readAgain(): Promise<T> {
    const readAt = now();
    const value = await read(known?.value);
    known = { value, readAt };
    return value;
  }
  function latest(youngerThanMs = Number.POSITIVE_INFINITY): T | undefined {
    return known !== undefined && now() - known.readAt < youngerThanMs ? known.value : undefined;
  }
  return {
    latest,
    async value() {
      const young = latest(maxAgeMs);
      if (young !== undefined) return young;
      reading ??= readAgain().finally(() => {
        reading = undefined;
      });
      return await reading;
    },
  };
}
