import { expect, test } from "vitest";
import { inBatches } from "./in-batches.ts";

test("what is asked for during a run is done in the next one, once, and runs never overlap", async () => {
  const runs: (readonly string[])[] = [];
  const [first, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ask = inBatches<string>(async (keys) => {
    runs.push(keys);
    if (runs.length === 1) await first.promise;
    if (runs.length === 3) done.resolve();
  }, 1);
  ask(["a"]);
  for (const key of ["b", "c", "b", "a"]) ask([key]);
  expect(runs).toEqual([["a"]]);
  first.resolve();
  await expect.poll(() => runs).toEqual([["a"], ["b", "c", "a"]]);
  ask([]);
  ask(["d"]);
  await done.promise;
  expect(runs.at(-1)).toEqual(["d"]);
});
