import type { Settlement } from "@bulk/store/bulk-actions/settle";
import { Counter, type Registry } from "prom-client";

/**
 * Counters of bulk actions in API and workers, incremented after the commit. A process that dies in between counts one too
 * few; the exact numbers are in the database.
 */
export type BulkActionCounters = {
  accepted(actionType: string): void;
  /** Counts the bulk action if it was settled; ignores any other result. */
  settled(settlement: Settlement): void;
  recordsEnded(actionType: string, outcome: string, count: number): void;
  notEnqueued(turns: number): void;
};

export function addBulkActionCounters(registry: Registry): BulkActionCounters {
  const registers = [registry];
  const actions = new Counter({
    name: "bulk_actions_total",
    registers,
    labelNames: ["type", "status"],
    help: "Bulk actions by the status they reached: pending when accepted, a terminal one when settled.",
  });
  const records = new Counter({
    name: "bulk_records_total",
    registers,
    labelNames: ["type", "outcome"],
    help: "Records that got their outcome.",
  });
  const notEnqueued = new Counter({
    name: "bulk_enqueue_failures_total",
    registers,
    help: "Turns that could not be added to the queue in time; the sweeper starts their lanes.",
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
