import { expect, test } from "vitest";
import { readWaitSeconds } from "./waiting.ts";

test.each([
  ["wait=7", 7],
  ["Wait = 7", 7],
  ['wait="7"', 7],
  ["respond-async, wait=7; note=x", 7],
  ["wait=7, wait=1", 7],
  ["wait=30", 30],
  ["wait=31", 30],
  ["wait=99999999999999999999", 30],
])("Prefer: %s is granted", (prefer, seconds) => {
  expect(readWaitSeconds({ prefer })).toBe(seconds);
});

test.each([
  "",
  "wait",
  "wait=",
  "wait=0",
  "wait=-7",
  "wait=7.5",
  "wait=7s",
  'wait="7',
  "wait; x=7",
  "wait=soon, wait=7",
  "waiting=7",
  "respond-async",
])("Prefer: %s asks for no wait", (prefer) => {
  expect(readWaitSeconds({ prefer })).toBeUndefined();
});

test("without Prefer nobody waits", () => {
  expect(readWaitSeconds({})).toBeUndefined();
});
