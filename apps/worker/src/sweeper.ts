import { beginSending, sendTurns } from "@bulk/queue/send-turns";
import { firstTurns } from "@bulk/queue/turn";
import type { TurnQueue } from "@bulk/queue/turn-queue";
import type { Logger } from "@bulk/service/logger";
import { settle } from "@bulk/store/bulk-actions";
import type { Database } from "@bulk/store/database";
import { pruneEnded, readClock, sweepOnce } from "@bulk/store/sweep";
import { pruneTestDeliveries } from "@bulk/store/webhook-deliveries";
import type { WorkerMetrics } from "./worker-metrics.ts";

export type SweeperTools = {
  readonly database: Database;
  readonly queue: Pick<TurnQueue, "addTurns" | "isDrained">;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, "settled" | "repaired">;
  /**
   * When the newest turn this process took was enqueued, by the database's clock, which is at `now`; `undefined` when
   * that is not known.
   */
  readonly lastTaken: (now: Date) => Date | undefined;
  readonly window: number;
  readonly retentionDays: number;
  /** How much longer than the watermark says a bulk action must have been quiet to count as lost. */
  readonly marginMs: number;
};

/**
 * Makes rows and queue agree again, once: settles what is finished or canceled, starts the lanes of bulk
 * actions that lost their turns, prunes what is older than the retention.
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
  // First, since their generation is raised already.
  if (sendings.length > 0) await sendTurns(queue, sendings);
  const settled = await settleAll(findings.unsettled, tools);
  metrics.repaired("settled", settled);
  const pruned = await pruneEnded(database, tools.retentionDays);
  await pruneTestDeliveries(database, tools.retentionDays);
  const restarted = findings.restarted.length;
  if (settled + restarted + pruned > 0) logger.info({ settled, restarted, pruned }, "swept");
}

// How many were: what is canceled stays open as long as a chunk of it is under work. One that cannot be settled now
// does not keep the others from it.
async function settleAll(
  ids: readonly string[],
  { database, logger, metrics }: SweeperTools,
): Promise<number> {
  let settled = 0;
  for (const id of ids) {
    const settlement = await settle(database, id).catch((error: unknown) => {
      logger.warn({ bulkActionId: id, error }, "not settled; the next sweep tries again");
    });
    if (settlement?.kind !== "settled") continue;
    metrics.settled(settlement);
    settled += 1;
  }
  return settled;
}

/*
 * Turns that go on are taken first in, first out, and only when no opening turn waits: everything enqueued
 * before the one a worker last took has been started, and when nothing waits, everything has. The clock is read
 * before the queue is asked, so that what comes in between does not count. A queue that does not answer tells
 * nothing.
 */
async function readWatermark(tools: SweeperTools): Promise<Date | undefined> {
  const now = await readClock(tools.database);
  const isDrained = await tools.queue.isDrained().catch(() => undefined);
  if (isDrained === undefined) return undefined;
  const started = isDrained ? now : tools.lastTaken(now);
  return started && new Date(started.getTime() - tools.marginMs);
}
