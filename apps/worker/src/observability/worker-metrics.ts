import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import { effectWord, type RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { addBulkActionCounters, type BulkActionCounters } from "@bulk/metrics/bulk-action-counters";
import type { TakenTurn } from "@bulk/queue/turns/turn-worker";
import type { AttemptResult } from "@bulk/store/webhooks/claim-delivery";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { WorkLog } from "./work-log.ts";

/** The metrics of a worker. */
export type WorkerMetrics = Pick<BulkActionCounters, "settled" | "notEnqueued"> & {
  turnTaken(turn: Pick<TakenTurn, "actionType" | "enqueuedAt" | "delayMs">, now: Date): void;
  /** Counts one try at a chunk, and its records by outcome. */
  chunkTried(actionType: string, tally: Tally, durationMs: number): void;
  repaired(kind: RepairKind, count: number): void;
  webhookSent(result: WebhookResult, requests: number): void;
};

const REPAIR_KINDS = ["settled", "restarted"] as const;
type RepairKind = (typeof REPAIR_KINDS)[number];

type WebhookResult = AttemptResult["next"]["kind"];

const WEBHOOK_RESULTS: Readonly<Record<WebhookResult, string>> = {
  succeeded: "delivered",
  page: "page_delivered",
  retry: "to_be_tried_again",
  failed: "given_up",
};

/**
 * Registers the metrics of a worker.
 *
 * @param effects the word of each action type for an applied record: the label `outcome`
 */
export function createWorkerMetrics(
  registry: Registry,
  work: Pick<WorkLog, "silentMs" | "addRecords">,
  effects: RecordEffects,
): WorkerMetrics {
  addLastActivity(registry, work);
  const { settled, recordsEnded, notEnqueued } = addBulkActionCounters(registry);
  const waits = addWaits(registry);
  const chunks = addChunks(registry);
  const repairs = addRepairs(registry);
  const webhooks = addWebhooks(registry);
  return {
    settled,
    notEnqueued,
    turnTaken({ actionType, enqueuedAt, delayMs }, now) {
      // `enqueuedAt` is the database's clock, `now` this machine's.
      const waitedMs = Math.max(0, now.getTime() - enqueuedAt.getTime() - delayMs);
      waits.observe({ type: actionType }, waitedMs / 1000);
    },
    chunkTried(type, tally, durationMs) {
      const { applied, skipped, failed } = tally;
      work.addRecords(tally);
      chunks.observe({ type }, durationMs / 1000);
      recordsEnded(type, effectWord(effects, type), applied);
      recordsEnded(type, "skipped", skipped);
      recordsEnded(type, "failed", failed);
    },
    repaired: (kind, count) => repairs.inc({ kind }, count),
    webhookSent: (result, requests) => webhooks.inc({ result: WEBHOOK_RESULTS[result] }, requests),
  };
}

function addLastActivity(registry: Registry, work: Pick<WorkLog, "silentMs">): void {
  new Gauge({
    name: "bulk_worker_last_activity_timestamp_seconds",
    help: "When a turn last began or ended in this process; before the first, when it started.",
    registers: [registry],
    collect() {
      this.set((Date.now() - work.silentMs()) / 1000);
    },
  });
}

function addWaits(registry: Registry): Histogram<"type"> {
  return addDurations(registry, {
    name: "bulk_turn_wait_seconds",
    help: "How long turns waited from the moment they could be taken.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800],
  });
}

function addChunks(registry: Registry): Histogram<"type"> {
  return addDurations(registry, {
    name: "bulk_chunk_duration_seconds",
    help: "How long tries at a chunk took, whatever their result.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
  });
}

function addDurations(
  registry: Registry,
  named: { readonly name: string; readonly help: string; readonly buckets: number[] },
): Histogram<"type"> {
  return new Histogram({ ...named, labelNames: ["type"], registers: [registry] });
}

// Each kind starts at 0: `increase` misses the first event of a series that begins with it.
function addRepairs(registry: Registry): Counter<"kind"> {
  const repairs = new Counter({
    name: "bulk_sweeper_repairs_total",
    help: "Bulk actions that the sweeper of this process found open and repaired.",
    labelNames: ["kind"],
    registers: [registry],
  });
  for (const kind of REPAIR_KINDS) repairs.inc({ kind }, 0);
  return repairs;
}

function addWebhooks(registry: Registry): Counter<"result"> {
  const webhooks = new Counter({
    name: "bulk_webhook_requests_total",
    help: "Requests to webhook endpoints, by result.",
    labelNames: ["result"],
    registers: [registry],
  });
  for (const result of Object.values(WEBHOOK_RESULTS)) webhooks.inc({ result }, 0);
  return webhooks;
}
