import { expect, test } from "vitest";
import { restartPauseMs } from "./stack.ts";

test("a process that dies again and again is started again ever later, but never later than ten seconds", () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 1_000, 1e6].map(restartPauseMs);
  expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000]);
});
