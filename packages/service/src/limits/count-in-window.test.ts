import { expect, test } from "vitest";
import { countInWindow } from "./count-in-window.ts";

test("the third of two within a window is one too many, for its own key only, and says when the count starts again", () => {
  const counter = countInWindow({ most: 2, seconds: 60 });
  expect(counter.count("a")).toMatchObject({ isExceeded: false, remaining: 1 });
  expect(counter.isFull("a")).toBe(false);
  expect(counter.count("a")).toMatchObject({ isExceeded: false, remaining: 0 });
  expect(counter.isFull("a")).toBe(true);
  const { isExceeded, remaining, resetMs } = counter.count("a");
  expect([isExceeded, remaining]).toEqual([true, 0]);
  expect(resetMs).toBeGreaterThan(0);
  expect(resetMs).toBeLessThanOrEqual(60_000);
  expect(counter.isFull("b")).toBe(false);
});

test("no more than 10,000 keys are kept", () => {
  const counter = countInWindow({ most: 1, seconds: 60 });
  counter.count("first");
  for (let n = 0; n < 10_000; n += 1) counter.count(String(n));
  expect(counter.isFull("first")).toBe(false);
  expect(counter.isFull("9999")).toBe(true);
});
