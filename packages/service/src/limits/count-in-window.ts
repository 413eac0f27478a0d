import { LRUCache } from "lru-cache";

export type WindowOptions = {
  /** How many of one key are within the limit. */
  readonly most: number;
  /** Length of the window, which begins with a key's first count. */
  readonly seconds: number;
};

/** The state of a key's window. */
export type WindowCount = {
  /** Whether the limit is exceeded. */
  readonly isExceeded: boolean;
  /** How many are left within the limit. */
  readonly remaining: number;
  /** Time until the count starts again. */
  readonly resetMs: number;
};

export type WindowCounter = {
  /** Counts one more of this key. */
  count(key: string): WindowCount;
  /** Whether one more of this key would exceed the limit. */
  isFull(key: string): boolean;
};

/** Counts in memory, for this process alone, by key in fixed windows. Keeps the 10,000 keys counted last. */
export function countInWindow({ most, seconds }: WindowOptions): WindowCounter {
  const counts = new LRUCache<string, number>({ max: 10_000, ttl: seconds * 1_000, noUpdateTTL: true });
  return {
    count(key) {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      const remaining = Math.max(0, most - count);
      return { isExceeded: count > most, remaining, resetMs: counts.getRemainingTTL(key) };
    },
    isFull: (key) => (counts.get(key) ?? 0) >= most,
  };
}
