import { setTimeout as wait } from "node:timers/promises";

export type CoalesceOptions<Ask, Value, Crowded> = {
  /** Asks with the same key share one value. */
  readonly keyOf: (ask: Ask) => string;
  /** Loads the values of many asks, by key. A key without a value is absent. */
  readonly load: (asks: readonly Ask[]) => Promise<ReadonlyMap<string, Value>>;
  /** How many asks one load takes; a single one that weighs more is loaded alone. */
  readonly most: number;
  /** How much of `most` an ask takes; 1 unless given. */
  readonly weigh?: (ask: Ask) => number;
  /** Which of two asks with the same key to load; the first unless given. */
  readonly choose?: (waiting: Ask, added: Ask) => Ask;
  /** Who fails when a load fails: those it was for, or everybody who waits. */
  readonly failing: "batch" | "everybody";
  /** How long asks are gathered before each load; 0: as long as the load before takes. */
  readonly restMs?: number;
  /** How many keys may wait, and the result of an ask that is one too many. */
  readonly limit?: { readonly waiting: number; readonly crowded: Crowded };
};

/**
 * Runs one load at a time for all callers: asks that arrive during a load go together into the next. So any number of
 * callers costs one connection.
 */
export function coalesce<Ask, Value, Crowded = never>(
  options: CoalesceOptions<Ask, Value, Crowded>,
): (ask: Ask) => Promise<Value | undefined | Crowded> {
  const { keyOf, choose = (first) => first, restMs = 0, limit } = options;
  const waiting: Waiting<Ask, Value> = new Map();
  let isLoading = false;
  async function loadAll(): Promise<void> {
    isLoading = true;
    while (waiting.size > 0) {
      if (restMs > 0) await wait(restMs);
      await loadBatch(options, waiting);
    }
    isLoading = false;
  }
  return async (ask) => {
    const key = keyOf(ask);
    const known = waiting.get(key);
    if (known === undefined && limit !== undefined && waiting.size >= limit.waiting) return limit.crowded;
    const entry = known ?? { ask, result: Promise.withResolvers<Value | undefined>() };
    entry.ask = choose(entry.ask, ask);
    waiting.set(key, entry);
    if (!isLoading) void loadAll();
    return await entry.result.promise;
  };
}

type Entry<Ask, Value> = { ask: Ask; readonly result: PromiseWithResolvers<Value | undefined> };

type Waiting<Ask, Value> = Map<string, Entry<Ask, Value>>;

type LoadOptions<Ask, Value> = Pick<
  CoalesceOptions<Ask, Value, unknown>,
  "load" | "most" | "weigh" | "failing"
>;

async function loadBatch<Ask, Value>(
  { load, most, weigh = () => 1, failing }: LoadOptions<Ask, Value>,
  waiting: Waiting<Ask, Value>,
): Promise<void> {
  const batch = takeBatch(waiting, most, weigh);
  try {
    const found = await load([...batch.values()].map(({ ask }) => ask));
    for (const [key, { result }] of batch) result.resolve(found.get(key));
  } catch (error) {
    if (failing === "everybody") for (const { result } of takeAll(waiting)) result.reject(error);
    for (const { result } of batch.values()) result.reject(error);
  }
}

function takeAll<Ask, Value>(waiting: Waiting<Ask, Value>): readonly Entry<Ask, Value>[] {
  const all = [...waiting.values()];
  waiting.clear();
  return all;
}

function takeBatch<Ask, Value>(
  waiting: Waiting<Ask, Value>,
  most: number,
  weigh: (ask: Ask) => number,
): ReadonlyMap<string, Entry<Ask, Value>> {
  const batch: Waiting<Ask, Value> = new Map();
  let weight = 0;
  for (const [key, entry] of waiting) {
    weight += weigh(entry.ask);
    if (weight > most && batch.size > 0) break;
    waiting.delete(key);
    batch.set(key, entry);
  }
  return batch;
}
