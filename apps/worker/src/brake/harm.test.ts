import { expect, test } from "vitest";
import { createHarmMeter } from "./harm.ts";

test("nothing is measured before there is enough of each kind, and then again after as much", () => {
  const meter = createHarmMeter();
  note(meter, 8, { beside: 6, resting: 4 });
  expect(meter.take()).toBeUndefined();
  note(meter, 7, { slice: 15 });
  expect(meter.take()).toBeUndefined();
  meter.note("slice", 15);
  const measured = meter.take();
  expect(measured?.besideRatio).toBeCloseTo(1.5);
  expect(measured?.sliceMs).toBeCloseTo(15);
  expect(measured?.restingMs).toBeCloseTo(4);
  expect(meter.take()).toBeUndefined();
});

test("one transaction that took very long changes little, many change everything", () => {
  const meter = createHarmMeter();
  note(meter, 50, { beside: 4, resting: 4, slice: 15 });
  meter.note("beside", 1_000);
  expect(meter.take()?.besideRatio).toBeLessThan(2);
  note(meter, 50, { beside: 12, resting: 4, slice: 15 });
  expect(meter.take()?.besideRatio).toBeGreaterThan(2.9);
});

function note(
  meter: ReturnType<typeof createHarmMeter>,
  count: number,
  times: { readonly beside?: number; readonly resting?: number; readonly slice?: number },
): void {
  for (let n = 0; n < count; n += 1) {
    if (times.beside !== undefined) meter.note("beside", times.beside);
    if (times.resting !== undefined) meter.note("resting", times.resting);
    if (times.slice !== undefined) meter.note("slice", times.slice);
  }
}
