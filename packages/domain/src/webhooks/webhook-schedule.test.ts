import { expect, test } from "vitest";
import { pauseAfter } from "./webhook-schedule.ts";

const HOUR_MS = 3_600_000;

test("a delivery is tried ten times within a day, the pauses growing", () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((failures) => pauseAfter(failures, 0) ?? 0);
  expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
  expect(pauses[0]).toBe(10_000);
  const sum = pauses.reduce((total, pause) => total + pause, 0);
  expect(sum).toBeGreaterThan(23 * HOUR_MS);
  expect(sum).toBeLessThan(24 * HOUR_MS);
});

test("the tenth failure is the last", () => {
  expect(pauseAfter(9, 1)).toBeGreaterThan(0);
  expect(pauseAfter(10, 0)).toBeUndefined();
});

test("chance shortens a pause by a tenth at most and never lengthens it", () => {
  expect(pauseAfter(2, 0)).toBe(60_000);
  expect(pauseAfter(2, 0.5)).toBe(57_000);
  expect(pauseAfter(2, 1)).toBe(54_000);
});
