import { isOpen } from "@bulk/domain/bulk-action";
import { bulkActionNotFound } from "@bulk/domain/refusals";
import type { BulkActionWatcher } from "@bulk/store/bulk-action-watcher";
import { z } from "zod";
import { readBulkActionId } from "../bulk-action-id.ts";
import type { ApiAnswer, ApiContext, ApiRequest, Endpoint } from "../context.ts";
import { END_ID, writeEvents } from "../event-stream.ts";
import { progressObject } from "../wire.ts";

/** `GET /v1/bulk_actions/{id}/events` */
export function streamBulkActionEvents({ watcher }: ApiContext): Endpoint {
  return {
    operation: {
      id: "streamBulkActionEvents",
      summary: "Follow a bulk action",
      description:
        "Server-sent events: `snapshot` at once, `progress` whenever a count or the status has changed, `end` when " +
        "the bulk action has ended; then the stream closes. The data of each is the progress at that moment. A " +
        "stream may close before (a restart of ours): connect again with the last event's id in `Last-Event-ID`, " +
        "as every client library does, and nothing comes twice. After `end` that is answered with 204, which " +
        "tells such a client to stop.",
      headers: z.object({
        "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event received." }),
      }),
      answer: { "text/event-stream": progressObject },
      refusals: ["not_found"],
    },
    answer: (request) => follow(request, watcher),
  };
}

const HEADERS = {
  "Cache-Control": "no-store",
  // nginx would keep the events back until it has a buffer full.
  "X-Accel-Buffering": "no",
} as const;

async function follow(
  { params, caller, headers, ended }: ApiRequest,
  watcher: BulkActionWatcher,
): Promise<ApiAnswer> {
  const id = readBulkActionId(params);
  const watch = await watcher.watch({ accountId: caller.accountId, id }, ended);
  if (watch === undefined) throw bulkActionNotFound();
  const lastEventId = headers["last-event-id"]?.toString();
  if (lastEventId === END_ID && !isOpen(watch.first.status)) return { kind: "no_content", bulkActionId: id };
  const pieces = writeEvents(watch, lastEventId, ended);
  return { kind: "stream", contentType: "text/event-stream", pieces, headers: HEADERS, bulkActionId: id };
}
