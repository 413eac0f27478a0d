import { createIdempotencyKey } from "./idempotency-key.ts";
import { VIEW } from "./retrieve.ts";
import type { Connection, Upload } from "./transport/connection.ts";
import { parseJson, readText } from "./transport/read-body.ts";
import { send } from "./transport/send.ts";
import type { BulkAction, CreateOptions, NewUpload } from "./types.ts";

/** Submits the records of a file or stream of ids. */
export async function upload(
  connection: Connection,
  { action_type, restorable, ids, expected_count }: NewUpload,
  { idempotencyKey = createIdempotencyKey(), signal }: CreateOptions = {},
): Promise<BulkAction> {
  const response = await send(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions", upload: toUpload(ids), isRepeatable: true, signal },
    query: { ...VIEW, action_type, restorable },
    headers: { "Idempotency-Key": idempotencyKey, "Bulk-Expected-Count": expected_count?.toString() },
  });
  return parseJson(await readText(response));
}

function toUpload(ids: NewUpload["ids"]): Upload {
  if (!(ids instanceof Blob)) return { type: NDJSON, content: streamLines(ids) };
  return { type: ids.type === NDJSON ? NDJSON : "text/csv", content: ids };
}

const NDJSON = "application/x-ndjson";

/** So many ids are one piece of the stream. */
const IDS_AT_ONCE = 1_000;

function streamLines(ids: AsyncIterable<string> | readonly string[]): ReadableStream<Uint8Array> {
  const pieces = toPieces(ids);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

async function* toPieces(
  ids: AsyncIterable<string> | readonly string[],
): AsyncGenerator<Uint8Array, undefined> {
  const encoder = new TextEncoder();
  let lines: string[] = [];
  for await (const id of ids) {
    lines.push(`${JSON.stringify(id)}\n`);
    if (lines.length < IDS_AT_ONCE) continue;
    yield encoder.encode(lines.join(""));
    lines = [];
  }
  yield encoder.encode(lines.join(""));
}
