import { isOpen } from "@bulk/domain/bulk-action";
import type { BulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import type { BulkActionWithRecords } from "@bulk/store/bulk-actions";
import type { ApiRequest } from "./context.ts";
import { waitUntil } from "./waiting.ts";

/**
 * Waits until a bulk action that is stored has ended, at most so long, and answers it as it is then. Never
 * throws: it is durable all the same, and an error would make its caller submit it once more.
 */
export async function awaitEnd(
  stored: BulkActionWithRecords,
  seconds: number,
  { ended, logger }: ApiRequest,
  watcher: BulkActionWatcher,
): Promise<BulkActionWithRecords> {
  try {
    const watch = await watcher.watch(stored, ended);
    if (watch === undefined) return stored;
    await waitUntil(({ status }) => !isOpen(status), watch, seconds, ended);
    return ended.aborted ? stored : ((await watch.load()) ?? stored);
  } catch (error) {
    logger.warn({ error, bulkActionId: stored.id }, "could not wait for the end");
    return stored;
  }
}
