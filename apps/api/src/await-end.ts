import { isOpen } from "@bulk/domain/bulk-action";
import type { BulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import type { BulkActionWithRecords } from "@bulk/store/bulk-actions";
import type { ApiRequest } from "./context.ts";
import { waitUntil } from "./waiting.ts";

/**
 * Waits until a bulk action that is stored has ended, at most so long, and answers it as it is then; `undefined`
 * when that cannot be waited for now. Never throws: it is durable all the same, and an error would make its caller
 * submit it once more.
 */
export async function awaitEnd(
  stored: BulkActionWithRecords,
  seconds: number,
  { ended, logger }: ApiRequest,
  watcher: BulkActionWatcher,
): Promise<BulkActionWithRecords | undefined> {
  try {
    const watching = await watcher.watch(stored, ended);
    if (watching.kind !== "watching") return undefined;
    const { watch } = watching;
    await waitUntil(({ status }) => !isOpen(status), watch, seconds, ended);
    return ended.aborted ? stored : ((await watch.load()) ?? stored);
  } catch (error) {
    logger.warn({ error, bulkActionId: stored.id }, "could not wait for the end");
    return undefined;
  }
}
