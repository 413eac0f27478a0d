import { expect, test } from "vitest";
import { cacheFor } from "./cache-for.ts";

test("whoever asks during a run or a moment after it gets its answer, and later there is a new one", async () => {
  let [time, runs] = [0, 0];
  const first = Promise.withResolvers<void>();
  const ask = cacheFor(
    1_000,
    async () => {
      runs += 1;
      await first.promise;
      return runs;
    },
    () => time,
  );
  const early = [ask(), ask()];
  time = 5_000;
  early.push(ask());
  first.resolve();
  expect(await Promise.all(early)).toEqual([1, 1, 1]);

  time = 5_999;
  expect(await ask()).toBe(1);
  time = 6_000;
  expect(await ask()).toBe(2);
});

test("an error is shared as well, and does not stay", async () => {
  let time = 0;
  let runs = 0;
  const ask = cacheFor(
    1_000,
    async () => {
      runs += 1;
      if (runs === 1) throw new Error("away");
      return "there";
    },
    () => time,
  );
  await expect(ask()).rejects.toThrow("away");
  await expect(ask()).rejects.toThrow("away");
  time = 1_000;
  expect(await ask()).toBe("there");
});
