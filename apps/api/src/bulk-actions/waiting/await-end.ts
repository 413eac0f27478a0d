import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import type { ApiContext, ApiRequest } from "../../context.ts";
import { loadForView, type View, type ViewedBulkAction } from "../view.ts";
import { waitUntil } from "./waiting.ts";

/**
 * Waits for the end of a stored bulk action, at most `seconds`, and returns it as it is then; `undefined` if waiting is
 * not possible now. Never throws: the bulk action is durable, and an error would make the caller submit it again.
 */
export async function awaitEnd(
  stored: ViewedBulkAction,
  view: View,
  seconds: number,
  request: ApiRequest,
  context: Pick<ApiContext, "watcher" | "config">,
): Promise<ViewedBulkAction | undefined> {
  const { ended, logger } = request;
  try {
    const watching = await context.watcher.watch(stored, ended);
    if (watching.kind !== "watching") return undefined;
    const { watch } = watching;
    const progress = await waitUntil(({ status }) => !isOpen(status), watch, seconds, ended);
    return ended.aborted ? stored : ((await loadForView(watch, progress, view, request, context)) ?? stored);
  } catch (error) {
    logger.warn({ error, bulkActionId: stored.id }, "could not wait for the end");
    return undefined;
  }
}
