import type { Pause } from "@bulk/store/operations/pauses";
import { expect, test } from "vitest";
import { judgeNow } from "./judge.ts";
import type { NowView } from "./read-now.ts";

const WELL: NowView = {
  at: new Date("2026-01-01T12:00:00Z"),
  work: {
    ...{
      running: 0,
      waiting: 0,
      paused: 0,
      canceling: 0,
      stuck: 0,
      stuckId: null,
      inTrouble: 0,
      inTroubleId: null,
    },
    ...{ oldestId: null, oldestCreatedAt: null, isMore: false, braked: null },
  },
  workers: [
    {
      ...{ id: "one", host: "vm", pid: 1, version: "0.8.0", places: 4, turns: [] },
      ...{ recordsPerSecond: 0, startedAt: new Date(0), seenAt: new Date(0) },
    },
  ],
  ...{ open: [], rates: [], pauses: [], throttles: [], queue: "running" },
  retriedDeliveries: { count: 0, bulkActionId: null },
};

test("nothing is said while all is well", () => {
  expect(judgeNow(WELL)).toEqual([]);
});

test("of very many pauses the oldest are told, and how many others there are", () => {
  const pauses = Array.from(
    { length: 1_234 },
    (_, index): Pause => ({
      scope: { kind: "account", accountId: `${index}` },
      ...{ accountName: `shop ${index}`, reason: null, pausedBy: "anna", pausedAt: new Date(0) },
    }),
  );
  const told = judgeNow({ ...WELL, pauses });
  expect(told).toHaveLength(21);
  expect(told[0]).toEqual({
    level: "warn",
    words: "Paused (all of shop 0) by anna.",
    link: {
      ...{ to: "/console/pauses/resume?scope=account&subject=0", words: "Resume" },
      command: "pnpm admin resume --account 'shop 0'",
    },
  });
  expect(told.at(-1)?.words).toBe("1,214 pauses more. List them: pnpm admin pauses");

  const words = { accountName: null, reason: "stop", pausedBy: "ben", pausedAt: new Date(1) };
  const wider = judgeNow({
    ...WELL,
    pauses: [
      ...pauses,
      { scope: { kind: "all" }, ...words },
      { scope: { kind: "declaration", actionType: "delete_products" }, ...words },
    ],
  });
  expect(wider.map(({ level }) => level).slice(0, 2)).toEqual(["bad", "warn"]);
  expect(wider[1]?.words).toBe("Paused (everything) by ben: stop.");
});

test("what is bad comes first: failures before a pause", () => {
  const rates = [{ minute: WELL.at, applied: 5, skipped: 0, failed: 2 }];
  const throttles = [{ actionType: null, recordsPerSecond: 7, setBy: "anna", setAt: WELL.at }];
  expect(judgeNow({ ...WELL, rates, throttles })).toMatchObject([
    { level: "bad", words: "2 records failed in the last hour.", link: { words: "Show" } },
    { level: "warn", words: "All types together are throttled to 7 records a second by anna." },
  ]);
});
