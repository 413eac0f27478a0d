import { countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import type { BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import type { BulkActionWatch } from "@bulk/store/watching/bulk-action-watch";
import { presentProgress } from "@bulk/wire/progress/progress";

/** Proxies close silent connections, common ones after 60 s. */
const HEARTBEAT_MS = 15_000;

/** How long a client should wait before it connects again. */
const RETRY_MS = 2_000;

/** The id of the last event. */
export const END_ID = "end";

/**
 * Writes the events of one bulk action in the format of
 * https://html.spec.whatwg.org/multipage/server-sent-events.html: `snapshot`, unless the caller has seen that state,
 * `progress` whenever a count or the status changes, `end`. A slow reader gets the latest progress; steps in between
 * are skipped.
 */
export async function* writeEvents(
  watch: BulkActionWatch,
  { lastEventId, effects }: { readonly lastEventId: string | undefined; readonly effects: RecordEffects },
  ended: AbortSignal,
): AsyncGenerator<string> {
  const write = (event: string, id: string, seen: BulkActionProgress) =>
    writeEvent(event, id, presentProgress(seen, effects));
  yield `retry: ${RETRY_MS}\n\n`;
  let progress = watch.first;
  if (idOf(progress) !== lastEventId) yield write("snapshot", idOf(progress), progress);
  while (isOpen(progress.status)) {
    const news = await watch.next(AbortSignal.any([ended, AbortSignal.timeout(HEARTBEAT_MS)]));
    if (news.kind === "over" || ended.aborted) return;
    if (news.kind === "unchanged") yield ":\n\n";
    else {
      const before = idOf(progress);
      progress = news.progress;
      if (isOpen(progress.status) && idOf(progress) !== before)
        yield write("progress", idOf(progress), progress);
    }
  }
  yield write("end", END_ID, progress);
}

/** Counts only grow and the status only advances, so together they identify every state. */
function idOf(progress: BulkActionProgress): string {
  return `${progress.status}-${countProcessed(progress)}`;
}

function writeEvent(event: string, id: string, progress: object): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(progress)}\n\n`;
}
