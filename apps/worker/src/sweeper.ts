import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { beginSending, sendTurns } from "@bulk/queue/turns/send-turns";
import { firstTurns } from "@bulk/queue/turns/turn";
import type { TurnQueue } from "@bulk/queue/turns/turn-queue";
import type { Logger } from "@bulk/service/process/logger";
import { settle } from "@bulk/store/bulk-actions/settle";
import { readClock } from "@bulk/store/clock";
import type { Database } from "@bulk/store/database";
import { pruneJournal } from "@bulk/store/journal/journal";
import { dropEndedPauses } from "@bulk/store/operations/pauses";
import { sweepOnce } from "@bulk/store/operations/sweep";
import { pruneEnded } from "@bulk/store/retention/prune";
import { pruneTestDeliveries } from "@bulk/store/webhooks/webhook-deliveries";
import type { WorkerMetrics } from "./observability/worker-metrics.ts";

export type SweeperTools = {
  readonly database: Database;
  readonly queue: Pick<TurnQueue, "addTurns" | "isDrained">;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, "settled" | "repaired">;
  /**
   * When the newest turn that this process took was enqueued; `undefined` when unknown. Both times are of the database's
   * clock.
   */
  readonly lastTaken: (now: Date) => Date | undefined;
  /** What the actions of this worker do. */
  readonly effects: RecordEffects;
  readonly window: number;
  readonly retentionDays: number;
  /** How long before the watermark a bulk action must have been inactive to count as lost. */
  readonly marginMs: number;
};

/**
 * Runs one sweep: settles bulk actions that are finished or canceled, restarts the lanes of those that lost their
 * turns, and prunes what is older than the retention, and pauses of bulk actions that have ended.
 */
export async function sweep(tools: SweeperTools): Promise<void> {
  const { database, queue, logger, metrics } = tools;
  const watermark = await readWatermark(tools);
  const findings = await sweepOnce(database, { watermark });
  if (findings === undefined) return;
  const sendings = findings.restarted.map((lost) =>
    beginSending(firstTurns({ ...lost, enqueuedAt: lost.updatedAt }, lost.unfinishedChunks, tools.window)),
  );
  metrics.repaired("restarted", findings.restarted.length);
  // Before anything that can fail: their generation has already been increased.
  if (sendings.length > 0) await sendTurns(queue, sendings);
  const settled = await settleAll(findings.unsettled, tools);
  metrics.repaired("settled", settled);
  const pruned = await pruneEnded(database, tools.retentionDays, tools.effects);
  await pruneTestDeliveries(database, tools.retentionDays);
  await pruneJournal(database, tools.retentionDays);
  await dropEndedPauses(database);
  const restarted = findings.restarted.length;
  if (settled + restarted + pruned > 0) logger.info({ settled, restarted, pruned }, "swept");
}

// Returns how many were settled. A canceled bulk action stays open while one of its chunks is running. One that cannot be
// settled now must not block the others.
async function settleAll(
  ids: readonly string[],
  { database, effects, logger, metrics }: SweeperTools,
): Promise<number> {
  let settled = 0;
  for (const id of ids) {
    const settlement = await settle(database, id, effects).catch((error: unknown) => {
      logger.warn({ bulkActionId: id, error }, "not settled; the next sweep tries again");
    });
    if (settlement?.kind !== "settled") continue;
    metrics.settled(settlement);
    settled += 1;
  }
  return settled;
}

/*
 * Turns that continue run first in, first out, and only when no opening turn waits. So everything enqueued before the
 * turn that a worker took last has been started; when nothing waits, everything has. The clock is read before the queue,
 * so that a turn added in between does not count. Without a response from the queue there is no watermark.
 */
async function readWatermark(tools: SweeperTools): Promise<Date | undefined> {
  const now = await readClock(tools.database);
  const isDrained = await tools.queue.isDrained().catch(() => undefined);
  if (isDrained === undefined) return undefined;
  const started = isDrained ? now : tools.lastTaken(now);
  return started && new Date(started.getTime() - tools.marginMs);
}
