import { expect, test } from "vitest";
import { coalesce } from "./coalesce.ts";

/** Loads that end when the test says so. */
function openLoads() {
  const begun: { readonly keys: readonly string[]; end(): void; fail(): void }[] = [];
  const load = (keys: readonly string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, string>>();
    begun.push({
      keys,
      end: () => resolve(new Map(keys.filter((key) => key !== "x").map((key) => [key, `found ${key}`]))),
      fail: () => reject(new Error("The database is away.")),
    });
    return promise;
  };
  return { begun, load };
}

function coalesceKeys(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>,
  most: number,
  waiting = 100,
) {
  const limit = { waiting, crowded: "crowded" } as const;
  return coalesce({ keyOf: (key: string) => key, load, most, failing: "everybody", limit });
}

test("what is asked for during a load goes together in the next, each key once", async () => {
  const { begun, load } = openLoads();
  const lookUp = coalesceKeys(load, 100);
  const first = lookUp("a");
  const others = ["b", "c", "b", "x"].map(lookUp);
  expect(begun.map(({ keys }) => keys)).toEqual([["a"]]);
  begun[0]?.end();
  expect(await first).toBe("found a");
  expect(begun.map(({ keys }) => keys)).toEqual([["a"], ["b", "c", "x"]]);
  begun[1]?.end();
  expect(await Promise.all(others)).toEqual(["found b", "found c", "found b", undefined]);
});

test("a key that comes during its own load is loaded again: it may be new since", async () => {
  const { begun, load } = openLoads();
  const lookUp = coalesceKeys(load, 100);
  const answers = [lookUp("a"), lookUp("a")];
  begun[0]?.end();
  await answers[0];
  begun[1]?.end();
  expect(await answers[1]).toBe("found a");
  expect(begun.map(({ keys }) => keys)).toEqual([["a"], ["a"]]);
});

test("a load that fails fails for all who wait, and the next begins afresh", async () => {
  const { begun, load } = openLoads();
  const lookUp = coalesceKeys(load, 100);
  const asked = Promise.allSettled(["a", "b", "c"].map(lookUp));
  begun[0]?.fail();
  expect((await asked).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(begun).toHaveLength(1);
  const later = lookUp("d");
  begun[1]?.end();
  expect(await later).toBe("found d");
});

test("a load takes no more than it may, and who comes when too many wait is sent away", async () => {
  const { begun, load } = openLoads();
  const lookUp = coalesceKeys(load, 2, 3);
  const asked = ["a", "b", "c", "d"].map(lookUp);
  expect(await lookUp("e")).toBe("crowded");
  for (const n of [0, 1, 2]) {
    begun[n]?.end();
    await asked[n + n];
  }
  expect(await Promise.all(asked)).toEqual(["found a", "found b", "found c", "found d"]);
  expect(begun.map(({ keys }) => keys)).toEqual([["a"], ["b", "c"], ["d"]]);
});

test("a load takes asks by weight, a heavier one alone, and the chosen one of two with the same key", async () => {
  const { begun, load } = openLoads();
  const ask = coalesce({
    keyOf: ({ key }: { readonly key: string; readonly weight: number }) => key,
    load: (asks) => load(asks.map(({ key, weight }) => `${key}${weight}`)),
    most: 3,
    weigh: ({ weight }) => weight,
    choose: (waiting, added) => (added.weight > waiting.weight ? added : waiting),
    failing: "batch",
  });
  const asks = [
    ["a", 1],
    ["b", 1],
    ["b", 2],
    ["c", 1],
    ["d", 9],
    ["e", 1],
  ] as const;
  const asked = asks.map(([key, weight]) => ask({ key, weight }));
  const outcomes = Promise.allSettled(asked);
  begun[0]?.end();
  await asked[0];
  begun[1]?.fail();
  await expect(asked[3]).rejects.toThrow("away");
  begun[2]?.end();
  await asked[4];
  begun[3]?.end();
  expect((await outcomes).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "rejected",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  expect(begun.map(({ keys }) => keys)).toEqual([["a1"], ["b2", "c1"], ["d9"], ["e1"]]);
});
