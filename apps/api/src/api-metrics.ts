import { addBulkActionCounters, type BulkActionCounters } from "@bulk/metrics/bulk-action-counters";
import { addScrapedGauge } from "@bulk/metrics/scraped-gauge";
import { countUnfinishedChunks, readOldestOpenAge } from "@bulk/store/backlog";
import type { Database } from "@bulk/store/database";
import { listPauses } from "@bulk/store/pauses";
import { Counter, Histogram, type Registry } from "prom-client";

/** What the API measures. */
export type ApiMetrics = Pick<BulkActionCounters, "accepted" | "settled" | "notEnqueued"> & {
  answered(request: AnsweredRequest, durationMs: number): void;
};

/** Every value is one of a few, whatever callers send. */
export type AnsweredRequest = {
  readonly method: string;
  readonly route: string;
  readonly status: string;
  /** Whether the caller asked to be kept waiting, so that the duration is the caller's own choice. */
  readonly waited: "yes" | "no";
};

export function createApiMetrics(registry: Registry, database: Database): ApiMetrics {
  addBacklog(registry, database);
  const { accepted, settled, notEnqueued } = addBulkActionCounters(registry);
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests to the public API that were answered or cut off.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "From the end of a request's headers to the end of its answer.",
    labelNames: ["method", "route", "waited"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    ...{ accepted, settled, notEnqueued },
    answered({ method, route, status, waited }, durationMs) {
      requests.inc({ method, route, status });
      durations.observe({ method, route, waited }, durationMs / 1000);
    },
  };
}

// Here and not in the workers: the API is there when there is no worker, and fifty workers would ask fifty times.
function addBacklog(registry: Registry, database: Database): void {
  addScrapedGauge(
    registry,
    {
      name: "bulk_unfinished_chunks",
      help: "Chunks that are not finished, of all bulk actions; 100,000 where there are more.",
    },
    () => countUnfinishedChunks(database),
  );
  addScrapedGauge(
    registry,
    {
      name: "bulk_oldest_open_action_age_seconds",
      help: "How long ago the oldest open bulk action was submitted; 0 when none is open.",
    },
    () => readOldestOpenAge(database),
  );
  addScrapedGauge(
    registry,
    { name: "bulk_pauses", help: "Pauses that operators have set and not taken back." },
    async () => (await listPauses(database)).length,
  );
}
