import { addBulkActionCounters, type BulkActionCounters } from "@bulk/metrics/bulk-action-counters";
import { addScrapedGauge } from "@bulk/metrics/scraped-gauge";
import {
  countUnfinishedChunks,
  countUnpausedChunks,
  readOldestOpenAge,
} from "@bulk/store/bulk-actions/reading/backlog";
import type { Database } from "@bulk/store/database";
import { listPauses } from "@bulk/store/operations/pauses";
import { Counter, Histogram, type Registry } from "prom-client";

/** The API's metrics. */
export type ApiMetrics = Pick<BulkActionCounters, "accepted" | "settled" | "notEnqueued"> & {
  responded(request: MeasuredRequest, durationMs: number): void;
};

/** The labels of a request. Each has few values, whatever callers send. */
export type MeasuredRequest = {
  readonly method: string;
  readonly route: string;
  readonly status: string;
  /** Whether the caller asked to wait (`Prefer: wait` or an event stream) and so chose the duration. */
  readonly waited: "yes" | "no";
};

/** Registers the API's metrics. The backlog gauges query the database on each scrape. */
export function createApiMetrics(registry: Registry, database: Database): ApiMetrics {
  addBacklog(registry, database);
  const { accepted, settled, notEnqueued } = addBulkActionCounters(registry);
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests to the public API, by status or `cut_off`.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the end of the request's headers to the end of the response.",
    labelNames: ["method", "route", "waited"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    accepted,
    settled,
    notEnqueued,
    responded({ method, route, status, waited }, durationMs) {
      requests.inc({ method, route, status });
      durations.observe({ method, route, waited }, durationMs / 1000);
    },
  };
}

// In the API and not in the workers: it also runs when no worker does, and fifty workers would query fifty times.
function addBacklog(registry: Registry, database: Database): void {
  addScrapedGauge(
    registry,
    {
      name: "bulk_unfinished_chunks",
      help: "Unfinished chunks of all bulk actions, at most 100,000.",
    },
    () => countUnfinishedChunks(database),
  );
  addScrapedGauge(
    registry,
    { name: "bulk_unpaused_chunks", help: "Unfinished chunks that no pause holds, at most 100,000." },
    () => countUnpausedChunks(database),
  );
  addScrapedGauge(
    registry,
    {
      name: "bulk_oldest_open_action_age_seconds",
      help: "Seconds since the oldest open bulk action was submitted; 0 when none is open.",
    },
    () => readOldestOpenAge(database),
  );
  addScrapedGauge(
    registry,
    { name: "bulk_pauses", help: "Pauses that operators have set and not ended." },
    async () => (await listPauses(database)).length,
  );
}
