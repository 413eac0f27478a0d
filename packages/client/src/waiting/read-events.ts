import type { Connection } from "../transport/connection.ts";
import { openStream } from "../transport/open-stream.ts";
import { parseJson } from "../transport/read-body.ts";
import type { Progress } from "../types.ts";

/** A server-sent event of a bulk action. */
export type ProgressEvent = {
  readonly id: string;
  readonly progress: Progress;
};

/**
 * Reads the events of a bulk action until the server closes the stream, which it does after the end of the bulk action, or when
 * it stops. Throws as `openStream` does.
 *
 * @param lastEventId the last event that was read before; it is not repeated
 */
export async function* readEvents(
  connection: Connection,
  id: string,
  lastEventId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProgressEvent, void> {
  const lines = openStream(connection, {
    ...{ method: "GET", url: "/v1/bulk_actions/{id}/events", path: { id }, accept: "text/event-stream" },
    ...{ headers: { "Last-Event-ID": lastEventId }, isRepeatable: true, signal },
  });
  let fields: Readonly<Record<string, string>> = {};
  // The format of https://html.spec.whatwg.org/multipage/server-sent-events.html: fields, then an empty line.
  for await (const line of lines) {
    if (line !== "") {
      const [, name = "", value = ""] = /^(\w*):? ?(.*)$/.exec(line) ?? [];
      fields = { ...fields, [name]: value };
    } else {
      const { id: eventId, data } = fields;
      fields = {};
      if (eventId !== undefined && data !== undefined)
        yield { id: eventId, progress: parseJson<Progress>(data) };
    }
  }
}
