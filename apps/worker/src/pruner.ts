import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { Logger } from "@bulk/service/process/logger";
import { every, type Periodic } from "@bulk/service/timing/every";
import type { Database } from "@bulk/store/database";
import { pruneLarge } from "@bulk/store/retention/prune";
import type { WorkerConfig } from "./config.ts";

type PrunerTools = {
  readonly database: Database;
  readonly logger: Logger;
  readonly effects: RecordEffects;
  readonly onError: (error: unknown) => void;
};

/**
 * Prunes large bulk actions on the sweeper's timer, one after the other. Not by the sweeper: one may take a minute, and what
 * is lost must not wait for it. `stop` gives up the one that is being read.
 */
export function startPruner(
  { RETENTION_DAYS, SWEEP_INTERVAL_MS }: Pick<WorkerConfig, "RETENTION_DAYS" | "SWEEP_INTERVAL_MS">,
  { database, logger, effects, onError }: PrunerTools,
): Periodic {
  const stopping = new AbortController();
  async function prune(): Promise<void> {
    const pruned = await pruneLarge(database, RETENTION_DAYS, effects, stopping.signal);
    if (pruned > 0) logger.info({ pruned }, "pruned a large bulk action");
  }
  const series = every(SWEEP_INTERVAL_MS, prune, onError);
  return {
    async stop() {
      stopping.abort();
      await series.stop();
    },
  };
}
