import { expect, test } from "vitest";
import { reportAtMostEvery } from "./report-at-most-every.ts";

test("the same message comes once in a while, with how often it was held back, and others are not held up", () => {
  const reports: unknown[] = [];
  let time = 0;
  const report = reportAtMostEvery(
    (error, suppressed) => reports.push([String(error), suppressed]),
    1_000,
    () => time,
  );
  for (time = 0; time < 2_000; time += 250) report(new Error("away"));
  report(new Error("other"));
  time = 3_000;
  report(new Error("away"));

  expect(reports).toEqual([
    ["Error: away", 0],
    ["Error: away", 3],
    ["Error: other", 0],
    ["Error: away", 3],
  ]);
});
