import { countProcessed } from "@bulk/domain/action-outcome";
import { isOpen } from "@bulk/domain/bulk-action";
import type { BulkActionProgress } from "@bulk/store/bulk-action-progress";
import type { BulkActionWatch } from "@bulk/store/bulk-action-watcher";
import { presentProgress } from "./present.ts";

/** Proxies cut connections that are silent for long, common ones after 60 s. */
const HEARTBEAT_MS = 15_000;

/** How long a client should rest before it connects again. */
const RETRY_MS = 2_000;

/** The id of the last event. */
export const END_ID = "end";

/**
 * The events of one bulk action in the format of https://html.spec.whatwg.org/multipage/server-sent-events.html:
 * `snapshot`, unless the caller has seen just that, `progress` whenever a count or the status changes, `end`.
 * A caller who reads slowly is told the latest progress and nothing of what lay before.
 */
export async function* writeEvents(
  watch: BulkActionWatch,
  lastEventId: string | undefined,
  ended: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`;
  let progress = watch.first;
  if (idOf(progress) !== lastEventId) yield writeEvent("snapshot", idOf(progress), progress);
  while (isOpen(progress.status)) {
    const news = await watch.next(AbortSignal.any([ended, AbortSignal.timeout(HEARTBEAT_MS)]));
    if (news.kind === "over" || ended.aborted) return;
    if (news.kind === "unchanged") yield ":\n\n";
    else {
      const before = idOf(progress);
      progress = news.progress;
      if (isOpen(progress.status) && idOf(progress) !== before)
        yield writeEvent("progress", idOf(progress), progress);
    }
  }
  yield writeEvent("end", END_ID, progress);
}

/** Counts only grow and the status only goes on, so the two tell every state from every other. */
function idOf(progress: BulkActionProgress): string {
  return `${progress.status}-${countProcessed(progress)}`;
}

function writeEvent(event: string, id: string, progress: BulkActionProgress): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(presentProgress(progress))}\n\n`;
}
