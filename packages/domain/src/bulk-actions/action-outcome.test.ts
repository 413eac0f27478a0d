import { expect, test } from "vitest";
import { countNotAttempted, judge } from "./action-outcome.ts";
import type { BulkAction, BulkActionStatus } from "./bulk-action.ts";

const NOW = new Date(0);

test.each<[string, string | undefined, BulkActionStatus, readonly [number, number, number], number]>([
  ["open, not begun", undefined, "pending", [0, 0, 0], 0],
  ["open, with failures", undefined, "processing", [1, 1, 1], 0],
  ["all deleted", "succeeded", "succeeded", [10, 0, 0], 0],
  ["deleted or not found", "succeeded", "succeeded", [1, 9, 0], 0],
  ["deleted or in use", "partial", "completed", [1, 9, 0], 0],
  ["all skipped", "invalid", "invalid", [0, 10, 0], 0],
  ["some failed", "partial", "completed", [1, 0, 9], 0],
  ["none deleted, some failed", "failed", "completed", [0, 9, 1], 0],
])("a bulk action that is %s has the outcome %s", (_what, outcome, status, tally, left) => {
  const bulkAction = { ...withTally(tally), status };
  expect(judge(bulkAction)).toBe(outcome);
  expect(countNotAttempted(bulkAction)).toBe(left);
});

test.each<[string, string | undefined, BulkActionStatus, readonly [number, number, number], number]>([
  ["still under work", undefined, "processing", [3, 0, 0], 0],
  ["before anything was attempted", "canceled", "completed", [0, 0, 0], 10],
  ["half-way", "canceled", "completed", [3, 1, 1], 5],
  ["too late, when some had failed", "partial", "completed", [9, 0, 1], 0],
  ["too late", "succeeded", "succeeded", [10, 0, 0], 0],
])("a bulk action canceled %s has the outcome %s", (_when, outcome, status, tally, left) => {
  const bulkAction = { ...withTally(tally), status, cancelRequestedAt: NOW };
  expect(judge(bulkAction)).toBe(outcome);
  expect(countNotAttempted(bulkAction)).toBe(left);
});

function withTally([applied, skipped, failed]: readonly [number, number, number]) {
  const bulkAction: BulkAction = {
    id: "",
    accountId: "",
    actionType: "",
    status: "pending",
    recordCount: 10,
    createdAt: NOW,
    updatedAt: NOW,
    startedAt: null,
    finishedAt: null,
    cancelRequestedAt: null,
    retryOfId: null,
    restoreOfId: null,
    restorableUntil: null,
    restoredCount: 0,
    createdBy: null,
    paused: null,
    braked: null,
  };
  return { ...bulkAction, applied, skipped, failed };
}
