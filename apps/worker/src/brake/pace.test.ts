import { expect, test } from "vitest";
import { FIRST_PACE, halve, nextPace, restAfter } from "./pace.ts";

const TARGET = 1.25;

/** Slices should take four times as long. */
const restingMs = 3.75;

test("the duty grows by steps while others are hardly slower, and falls by a share when they are", () => {
  const pace = { sliceSize: 200, duty: 0.5 };
  expect(nextPace(pace, { besideRatio: 1.4, sliceMs: 15, restingMs }, TARGET)).toEqual({
    sliceSize: 200,
    duty: 0.525,
  });
  // 1 + 0.5 × 1 on average.
  expect(nextPace(pace, { besideRatio: 2, sliceMs: 15, restingMs }, TARGET)).toEqual({
    sliceSize: 200,
    duty: 0.4,
  });
});

test("whatever is measured, a pace settles where the slowdown is what it may be", () => {
  let pace = FIRST_PACE;
  for (let n = 0; n < 50; n += 1) pace = nextPace(pace, { besideRatio: 2, sliceMs: 15, restingMs }, TARGET);
  expect(pace.duty).toBeGreaterThanOrEqual(0.2);
  expect(pace.duty).toBeLessThanOrEqual(0.275);
});

test("slices take a few times as long as a small transaction, however fast the machine is, within bounds", () => {
  let pace = FIRST_PACE;
  const after = (msPerRecord: number) => {
    for (let n = 0; n < 50; n += 1) {
      pace = nextPace(pace, { besideRatio: 1, sliceMs: pace.sliceSize * msPerRecord, restingMs }, TARGET);
    }
    return pace.sliceSize;
  };
  expect(after(0.03)).toBe(500);
  expect(after(0.1)).toBe(150);
  expect(after(100)).toBe(50);
  expect(after(0.0001)).toBe(1_000);
});

test("halving ends at a floor", () => {
  expect(halve({ sliceSize: 200, duty: 0.4 })).toEqual({ sliceSize: 100, duty: 0.2 });
  expect(halve({ sliceSize: 60, duty: 0.15 })).toEqual({ sliceSize: 50, duty: 0.1 });
});

test("the lane rests as the duty says, but never so long that work all but stops", () => {
  expect(restAfter(10, 200, 0.5)).toBe(10);
  expect(restAfter(10, 200, 0.25)).toBeCloseTo(30);
  // 60 records in 200 ms are the least.
  expect(restAfter(100, 60, 0.1)).toBe(100);
  expect(restAfter(500, 60, 0.1)).toBe(0);
  expect(restAfter(10, 0, 0.1)).toBe(0);
});
