import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "@bulk/service/process/logger";
import { every, type Periodic } from "@bulk/service/timing/every";
import type { Database } from "@bulk/store/database";
import { dropRecordRuns } from "@bulk/store/search/drop-record-runs";
import { indexRecords } from "@bulk/store/search/index-records";
import type { ShopBrake } from "./brake/shop-brake.ts";
import type { WorkerConfig } from "./config.ts";
import { hourly } from "./hourly.ts";

type IndexerTools = {
  readonly database: Database;
  readonly logger: Logger;
  readonly shopBrake: Pick<ShopBrake, "lastView">;
  readonly onError: (error: unknown) => void;
};

/**
 * Adds the ids of new bulk actions to the index of records, a run at a time, and rests after each of them. Once an hour it
 * deletes what is left of pruned bulk actions. Returns `undefined` if RECORD_SEARCH is off.
 */
export function startRecordIndexer(
  { RECORD_SEARCH, SWEEP_INTERVAL_MS }: Pick<WorkerConfig, "RECORD_SEARCH" | "SWEEP_INTERVAL_MS">,
  { database, logger, shopBrake, onError }: IndexerTools,
): Periodic | undefined {
  if (RECORD_SEARCH === "off") return undefined;
  const stopping = new AbortController();
  const dropPruned = hourly(async () => {
    const runs = await dropRecordRuns(database);
    if (runs > 0) logger.info({ runs }, "deleted what the index of records had of pruned bulk actions");
  });
  async function index(): Promise<void> {
    await dropPruned();
    while (!stopping.signal.aborted) {
      const beganAt = performance.now();
      const records = await indexRecords(database);
      if (records === 0) return;
      const tookMs = performance.now() - beganAt;
      logger.debug({ records, tookMs }, "added records to the index");
      const restMs = tookMs * restsAfter(shopBrake);
      // Rejects only after `stop`.
      await wait(restMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const series = every(SWEEP_INTERVAL_MS, index, onError);
  return {
    async stop() {
      stopping.abort();
      await series.stop();
    },
  };
}

/** How many times as long as it worked it rests: beside others, as the brake at its most polite. */
function restsAfter({ lastView }: Pick<ShopBrake, "lastView">): number {
  const view = lastView();
  // While no turn runs, nobody looks for others.
  if (view === undefined) return 3;
  return view.pace === undefined ? 1 : 9;
}
