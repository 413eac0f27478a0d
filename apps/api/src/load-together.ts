import { setTimeout as wait } from "node:timers/promises";

export type TogetherOptions = {
  /** How many keys one load takes at most. */
  readonly most: number;
  /** How many keys may wait for the next load; `undefined`: any number. */
  readonly mostWaiting?: number;
  /** How long keys are gathered before each load; 0: as long as the load before takes. */
  readonly restMs: number;
};

/** Looks one key up. `"crowded"`: too many wait already. */
export type LookUp<T> = (key: string) => Promise<T | undefined | "crowded">;

/**
 * One load at a time for everybody who asks: keys that come while one is under way go together in the next. So any
 * number of look-ups costs one connection. A load that fails fails for all who wait, as theirs would.
 */
export function loadTogether<T>(
  { most, mostWaiting = Number.POSITIVE_INFINITY, restMs }: TogetherOptions,
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): LookUp<T> {
  const waiting = new Map<string, PromiseWithResolvers<T | undefined>>();
  let isLoading = false;
  function take(count: number): ReadonlyMap<string, PromiseWithResolvers<T | undefined>> {
    const taken = new Map([...waiting].slice(0, count));
    for (const key of taken.keys()) waiting.delete(key);
    return taken;
  }
  async function loadNext(): Promise<void> {
    if (restMs > 0) await wait(restMs);
    const batch = take(most);
    try {
      const found = await load([...batch.keys()]);
      for (const [key, { resolve }] of batch) resolve(found.get(key));
    } catch (error) {
      for (const { reject } of [...batch.values(), ...take(waiting.size).values()]) reject(error);
    }
  }
  async function loadAll(): Promise<void> {
    isLoading = true;
    while (waiting.size > 0) await loadNext();
    isLoading = false;
  }
  return async (key) => {
    const known = waiting.get(key);
    if (known !== undefined) return await known.promise;
    if (waiting.size >= mostWaiting) return "crowded";
    const added = Promise.withResolvers<T | undefined>();
    waiting.set(key, added);
    if (!isLoading) void loadAll();
    return await added.promise;
  };
}
