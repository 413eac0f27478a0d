import { expect, test } from "vitest";
import { startTurnClock } from "./turn-clock.ts";

function startAt(times: { readonly turnMs: number; readonly aloneMs: number }) {
  const state = { now: 5_000, isCrowded: false };
  const clock = startTurnClock({ ...times, markMs: 500, isCrowded: () => state.isCrowded }, () => state.now);
  return { state, clock };
}

test("a turn lasts longer while nobody waits, and ends as soon as somebody does", () => {
  const { state, clock } = startAt({ turnMs: 100, aloneMs: 2_000 });
  state.now += 99;
  state.isCrowded = true;
  expect(clock.isOver()).toBe(false);
  state.isCrowded = false;
  state.now += 1_000;
  expect(clock.isOver()).toBe(false);
  state.isCrowded = true;
  expect(clock.isOver()).toBe(true);
  state.isCrowded = false;
  state.now += 901;
  expect(clock.isOver()).toBe(true);
  expect(clock.lastedMs()).toBe(2_000);
});

test("a turn alone is never shorter than among others", () => {
  const { state, clock } = startAt({ turnMs: 5_000, aloneMs: 2_000 });
  state.now += 4_999;
  expect(clock.isOver()).toBe(false);
  state.now += 1;
  expect(clock.isOver()).toBe(true);
});

test("a mark is due again and again, each time counted from the one before", () => {
  const { state, clock } = startAt({ turnMs: 100, aloneMs: 2_000 });
  expect(clock.takeMark()).toBe(false);
  state.now += 700;
  expect(clock.takeMark()).toBe(true);
  expect(clock.takeMark()).toBe(false);
  state.now += 499;
  expect(clock.takeMark()).toBe(false);
  state.now += 1;
  expect(clock.takeMark()).toBe(true);
});
