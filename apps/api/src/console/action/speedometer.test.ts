import type { ActionOverview } from "@bulk/store/bulk-actions/reading/action-overview";
import { expect, test } from "vitest";
import { createSpeedometer } from "./speedometer.ts";

const STARTED = new Date("2026-01-01T00:00:00Z");

/** A bulk action of 10,000 records. */
function overview(applied: number, changes: Partial<ActionOverview> = {}): ActionOverview {
  const open = { id: "one", status: "processing", isPaused: false, recordCount: 10_000, startedAt: STARTED };
  return { ...open, applied, skipped: 0, failed: 0, lastProgressAt: null, ...changes } as ActionOverview;
}

function secondsAfterStart(seconds: number): Date {
  return new Date(STARTED.getTime() + 1_000 * seconds);
}

test("the speed is that since the start until some seconds were seen, and then that of the last seconds", () => {
  const meter = createSpeedometer();
  expect(meter.note(overview(1_000), 0, secondsAfterStart(100))).toEqual({
    recordsPerSecond: 10,
    remainingMs: 900_000,
  });
  expect(meter.note(overview(1_200), 1_000, secondsAfterStart(101)).recordsPerSecond).toBeCloseTo(11.9, 1);
  expect(meter.note(overview(2_000), 5_000)).toEqual({ recordsPerSecond: 200, remainingMs: 40_000 });
  expect(meter.note(overview(2_000), 30_000, secondsAfterStart(130)).recordsPerSecond).toBeCloseTo(15.4, 1);
});

test("a pause counts neither while it lasts nor after it", () => {
  const meter = createSpeedometer();
  const none = { recordsPerSecond: undefined, remainingMs: undefined };
  meter.note(overview(1_000), 0);
  expect(meter.note(overview(2_000, { isPaused: true }), 5_000)).toEqual(none);
  expect(meter.note(overview(2_000, { isPaused: true }), 12_000)).toEqual(none);
  expect(meter.note(overview(2_000), 13_000)).toEqual(none);
  expect(meter.note(overview(2_400), 15_000)).toEqual(none);
  expect(meter.note(overview(2_800), 17_000)).toEqual({ recordsPerSecond: 200, remainingMs: 36_000 });
});

test("an ended one has the speed of its whole run, and nothing left", () => {
  const ended = overview(8_000, { status: "completed", finishedAt: secondsAfterStart(40) });
  expect(createSpeedometer().note(ended, 0)).toEqual({ recordsPerSecond: 200, remainingMs: undefined });
});
