import type { Settlement } from "@bulk/store/bulk-actions";
import { Counter, type Registry } from "prom-client";

/**
 * What both processes count of bulk actions, each where it happens, after the commit: a process that dies in between
 * has counted one too few. Books are kept in the database.
 */
export type BulkActionCounters = {
  accepted(actionType: string): void;
  /** Counts a bulk action that was settled; any other settlement is none. */
  settled(settlement: Settlement): void;
  recordsEnded(actionType: string, outcome: string, count: number): void;
  notEnqueued(turns: number): void;
};

export function addBulkActionCounters(registry: Registry): BulkActionCounters {
  const registers = [registry];
  const actions = new Counter({
    ...{ name: "bulk_actions_total", registers, labelNames: ["type", "status"] },
    help: "Bulk actions that came into a status: pending when accepted, a terminal one when settled.",
  });
  const records = new Counter({
    ...{ name: "bulk_records_total", registers, labelNames: ["type", "outcome"] },
    help: "Records that got their outcome.",
  });
  const notEnqueued = new Counter({
    ...{ name: "bulk_enqueue_failures_total", registers },
    help: "Turns that the queue did not take in time; the sweeper starts their lanes.",
  });
  function recordsEnded(type: string, outcome: string, count: number): void {
    if (count > 0) records.inc({ type, outcome }, count);
  }
  return {
    accepted: (type) => actions.inc({ type, status: "pending" }),
    settled(settlement) {
      if (settlement.kind !== "settled") return;
      const { actionType: type, status, notAttempted } = settlement;
      actions.inc({ type, status });
      recordsEnded(type, "not_attempted", notAttempted);
    },
    recordsEnded,
    notEnqueued: (turns) => notEnqueued.inc(turns),
  };
}
