import { isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { MOST_WATCHERS } from "@bulk/store/watching/bulk-action-watcher";
import { progressObject } from "@bulk/wire/progress/progress";
import { z } from "zod";
import type { ApiContext, ApiRequest, ApiResponse, Endpoint } from "../context.ts";
import { readBulkActionId } from "../http/input/bulk-action-id.ts";
import { END_ID, writeEvents } from "./waiting/event-stream.ts";
import { loadWatch } from "./waiting/waiting.ts";

/** `GET /v1/bulk_actions/{id}/events` */
export function streamBulkActionEvents(context: ApiContext): Endpoint {
  return {
    operation: {
      id: "streamBulkActionEvents",
      summary: "Follow a bulk action",
      description:
        "Sends server-sent events: `snapshot` at once, `progress` after each change of a count or the " +
        "status, and `end` when the bulk action has ended. Then the stream closes. The data of each event " +
        "is the progress at that time. If a stream closes earlier, for example because of a restart, " +
        "reconnect with the last event's id in `Last-Event-ID`, as client libraries do; no event is " +
        "repeated. A reconnect after `end` gets 204, which tells clients to stop. An account may have " +
        `${MOST_WATCHERS} waiting requests per server, including streams; further ones get 429.`,
      headers: z.object({
        "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event received." }),
      }),
      response: { "text/event-stream": progressObject(context.registry) },
      refusals: ["not_found", "invalid"],
    },
    respond: (request) => follow(request, context),
  };
}

const HEADERS = {
  "Cache-Control": "no-store",
  // Without it, nginx holds events back until a buffer is full.
  "X-Accel-Buffering": "no",
} as const;

async function follow(
  { params, caller, headers, ended }: ApiRequest,
  { watcher, registry }: ApiContext,
): Promise<ApiResponse> {
  const id = readBulkActionId(params);
  const watch = await loadWatch(watcher, { accountId: caller.accountId, id }, ended);
  const lastEventId = headers["last-event-id"]?.toString();
  if (lastEventId === END_ID && !isOpen(watch.first.status)) return { kind: "no_content", bulkActionId: id };
  const pieces = writeEvents(watch, { lastEventId, effects: registry }, ended);
  return { kind: "stream", contentType: "text/event-stream", pieces, headers: HEADERS, bulkActionId: id };
}
