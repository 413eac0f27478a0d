import type { BulkAction } from "@bulk/domain/bulk-action";
import { firstTurns } from "@bulk/queue/turn";
import type { Logger } from "@bulk/service/logger";
import type { ApiContext } from "./context.ts";

/**
 * Nudges the queue to begin with a bulk action that has just been written. Never fails: if the queue is away,
 * the sweeper starts the lanes as soon as it is back.
 */
export async function startLanes(
  { id, actionType, recordCount, createdAt }: BulkAction,
  logger: Logger,
  { queue, config }: Pick<ApiContext, "queue" | "config">,
): Promise<void> {
  const start = { id, actionType, generation: 1, enqueuedAt: createdAt };
  const turns = firstTurns(start, Math.ceil(recordCount / config.CHUNK_SIZE), config.WINDOW);
  await queue.addTurns(turns).catch((error: unknown) => {
    logger.warn({ error, bulkActionId: id }, "not enqueued; the sweeper will do it");
  });
}
