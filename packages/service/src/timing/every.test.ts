import { expect, test } from "vitest";
import { every } from "./every.ts";

test("runs never overlap, an error does not end the series, and stop waits for the run under way", async () => {
  const errors: unknown[] = [];
  const fourth = Promise.withResolvers<void>();
  let [runs, running, most] = [0, 0, 0];
  const series = every(
    1,
    async () => {
      runs += 1;
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      if (runs === 2) throw new Error("second");
      if (runs === 4) fourth.resolve();
    },
    (error) => errors.push(error),
  );
  await fourth.promise;
  await series.stop();

  const atStop = runs;
  expect(running).toBe(0);
  expect(most).toBe(1);
  expect(errors).toEqual([new Error("second")]);
  await new Promise(setImmediate);
  expect(runs).toBe(atStop);
});
