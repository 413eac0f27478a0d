import { isOpen } from "@bulk/domain/bulk-action";
import type { BulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import type { ApiRequest } from "./context.ts";
import { loadForView, type View, type ViewedBulkAction } from "./view.ts";
import { waitUntil } from "./waiting.ts";

/**
 * Waits until a bulk action that is stored has ended, at most so long, and answers it as it is then; `undefined`
 * when that cannot be waited for now. Never throws: it is durable all the same, and an error would make its caller
 * submit it once more.
 */
export async function awaitEnd(
  stored: ViewedBulkAction,
  view: View,
  seconds: number,
  request: ApiRequest,
  watcher: BulkActionWatcher,
): Promise<ViewedBulkAction | undefined> {
  const { ended, logger } = request;
  try {
    const watching = await watcher.watch(stored, ended);
    if (watching.kind !== "watching") return undefined;
    const { watch } = watching;
    const progress = await waitUntil(({ status }) => !isOpen(status), watch, seconds, ended);
    return ended.aborted ? stored : ((await loadForView(watch, progress, view, request)) ?? stored);
  } catch (error) {
    logger.warn({ error, bulkActionId: stored.id }, "could not wait for the end");
    return undefined;
  }
}
