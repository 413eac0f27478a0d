import { CREATE_OPTIONS, expectOptions } from "./expect-options.ts";
import { createIdempotencyKey } from "./idempotency-key.ts";
import { VIEW } from "./retrieve.ts";
import { streamLines } from "./stream-lines.ts";
import type { Connection, Upload } from "./transport/connection.ts";
import { parseJson, readText } from "./transport/read-body.ts";
import { send } from "./transport/send.ts";
import type { BulkAction, CreateOptions, NewUpload } from "./types.ts";

/** Submits the records of a file or stream of ids. A stream that the request does not need any more is closed. */
export async function upload(
  connection: Connection,
  given: NewUpload,
  options: CreateOptions = {},
): Promise<BulkAction> {
  expectOptions(given, ["action_type", "ids", "restorable", "expected_count"]);
  expectOptions(options, CREATE_OPTIONS);
  const { ids } = given;
  if (ids instanceof Blob) return await sendIds(connection, given, options, describeFile(ids));
  const lines = streamLines(ids);
  try {
    return await sendIds(connection, given, options, { type: NDJSON, content: lines.content });
  } finally {
    // Not every `fetch` cancels a stream that it has ceased to read.
    lines.close();
  }
}

async function sendIds(
  connection: Connection,
  { action_type, restorable, expected_count }: NewUpload,
  { idempotencyKey = createIdempotencyKey(), signal }: CreateOptions,
  content: Upload,
): Promise<BulkAction> {
  const response = await send(connection, {
    ...{ method: "POST", url: "/v1/bulk_actions", upload: content, isRepeatable: true, signal },
    query: { ...VIEW, action_type, restorable },
    headers: { "Idempotency-Key": idempotencyKey, "Bulk-Expected-Count": expected_count?.toString() },
  });
  return parseJson(await readText(response));
}

function describeFile(file: Blob): Upload {
  return { type: file.type === NDJSON ? NDJSON : "text/csv", content: file };
}

const NDJSON = "application/x-ndjson";
