import { expect, test } from "vitest";
import { createNewestTaken } from "./newest-taken.ts";

const NOW = new Date(1_000_000);

function at(
  ms: number,
  fields: { readonly lane?: number; readonly turn?: number; readonly delayMs?: number } = {},
) {
  return { lane: 2, turn: 2, delayMs: 0, enqueuedAt: new Date(ms), ...fields };
}

test("the newest turn counts, in whatever order they were taken", () => {
  const newest = createNewestTaken();
  expect(newest.enqueuedBefore(NOW)).toBeUndefined();
  for (const ms of [2, 3, 1]) newest.note(at(ms));
  expect(newest.enqueuedBefore(NOW)).toEqual(new Date(3));
});

test("an opening turn and one that was delayed do not count", () => {
  const newest = createNewestTaken();
  newest.note(at(1));
  newest.note(at(2, { lane: 1, turn: 1 }));
  newest.note(at(3, { delayMs: 1 }));
  expect(newest.enqueuedBefore(NOW)).toEqual(new Date(1));
});

test("one from the future is forgotten, and those that come after it count", () => {
  const newest = createNewestTaken();
  newest.note(at(NOW.getTime() + 1));
  expect(newest.enqueuedBefore(NOW)).toBeUndefined();
  newest.note(at(5));
  expect(newest.enqueuedBefore(NOW)).toEqual(new Date(5));
});
