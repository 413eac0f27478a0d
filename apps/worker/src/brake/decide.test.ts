import type { BrakeLook, BrakeState } from "@bulk/store/operations/brake-look";
import { expect, test } from "vitest";
import { decide } from "./decide.ts";
import { FIRST_PACE, type Measured } from "./pace.ts";

const SILENT: BrakeLook = {
  ...{ isShopActive: false, othersAt: null, isAwaited: false, hiddenCount: 0, state: undefined },
};

const STATE: BrakeState = {
  ...{ version: "1", isBraked: true, reason: "shop_is_active", measured: 1.1, recordsPerSecond: 900 },
  ...{ sliceSize: 400, duty: 0.3, ageMs: 300 },
};

test("alone, work runs at full speed and nothing is written", () => {
  expect(conclude(SILENT)).toEqual({ pace: undefined, measured: undefined, write: undefined });
  const released = { ...STATE, isBraked: false };
  expect(conclude({ ...SILENT, state: released }).write).toBeUndefined();
});

test("as soon as others are there the first pace applies, or a slower one that was learned", () => {
  const active = { ...SILENT, isShopActive: true };
  expect(conclude(active)).toMatchObject({
    pace: FIRST_PACE,
    write: { isBraked: true, reason: "shop_is_active" },
  });
  const released = { ...STATE, isBraked: false };
  expect(conclude({ ...active, state: released }).pace).toEqual({
    sliceSize: FIRST_PACE.sliceSize,
    duty: 0.3,
  });
  // Nobody has worked since; what is left is as good as released.
  const stale = { ...STATE, ageMs: 60_000 };
  expect(conclude({ ...active, state: stale })).toMatchObject({
    pace: { sliceSize: FIRST_PACE.sliceSize, duty: 0.3 },
    write: { isBraked: true },
  });
});

test("while others are there a worker follows what another wrote, and writes when it has measured or nobody else has", () => {
  const active = { ...SILENT, isShopActive: true, state: STATE };
  expect(conclude(active)).toEqual({ pace: { sliceSize: 400, duty: 0.3 }, measured: 1.1, write: undefined });
  expect(conclude(active, { besideRatio: 3, sliceMs: 15, restingMs: 3.75 })).toMatchObject({
    pace: { sliceSize: 400, duty: 0.3 * 0.8 },
    write: { measured: 1.6, duty: 0.3 * 0.8 },
  });
  const old = { ...active, state: { ...STATE, ageMs: 1_500 } };
  expect(conclude(old).write).toMatchObject({ sliceSize: 400, duty: 0.3, measured: 1.1 });
});

test("a session that waits for us halves the pace, whatever was measured", () => {
  const awaited = { ...SILENT, isAwaited: true, state: STATE };
  expect(conclude(awaited, { besideRatio: 1, sliceMs: 15, restingMs: 3.75 })).toMatchObject({
    pace: { sliceSize: 200, duty: 0.15 },
    write: { reason: "sessions_wait" },
  });
});

test("when others have gone, that is written once", () => {
  const gone = { ...SILENT, state: STATE };
  expect(conclude(gone)).toMatchObject({ pace: undefined, write: { isBraked: false, reason: null } });
});

function conclude(look: BrakeLook, measured?: Measured) {
  return decide({ look, measured, target: 1.25 });
}
