import { expect, test } from "vitest";
import { createSlicePace } from "./slice-pace.ts";

test("as long as nothing was slow, a chunk is taken whole", () => {
  const pace = createSlicePace();
  pace.noteSuccess("one", 1_000);
  expect(pace.mostRecords("one")).toBeUndefined();
});

test("after something slow fewer records are taken, of this action type alone, and never more by another slow one", () => {
  const pace = createSlicePace();
  pace.noteSlow("one", 500);
  pace.noteSlow("one", 250);
  pace.noteSlow("one", 400);
  expect(pace.mostRecords("one")).toBe(250);
  expect(pace.mostRecords("another")).toBeUndefined();
});

test("ten full slices in a row earn twice as many; smaller ones prove nothing, a slow one begins anew", () => {
  const pace = createSlicePace();
  pace.noteSlow("one", 8);
  repeat(9, () => pace.noteSuccess("one", 8));
  repeat(20, () => pace.noteSuccess("one", 7));
  expect(pace.mostRecords("one")).toBe(8);
  pace.noteSlow("one", 8);
  repeat(9, () => pace.noteSuccess("one", 8));
  expect(pace.mostRecords("one")).toBe(8);
  pace.noteSuccess("one", 8);
  expect(pace.mostRecords("one")).toBe(16);
});

test("grown beyond any chunk, it is forgotten", () => {
  const pace = createSlicePace();
  pace.noteSlow("one", 5_001);
  repeat(10, () => pace.noteSuccess("one", 5_001));
  expect(pace.mostRecords("one")).toBeUndefined();
});

function repeat(count: number, act: () => void): void {
  for (let n = 0; n < count; n += 1) act();
}
