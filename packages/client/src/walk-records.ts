import { ConnectionError } from "./errors.ts";
import { expectOptions } from "./expect-options.ts";
import type { Connection } from "./transport/connection.ts";
import { openStream } from "./transport/open-stream.ts";
import { pause } from "./transport/pause.ts";
import { parseJson } from "./transport/read-body.ts";
import type { RecordOutcome, RecordsQuery, RequestOptions } from "./types.ts";

/** How often in a row a stream may break without a new record. */
const MOST_BREAKS = 5;

const PAUSE_MS = 2_000;

/**
 * Reads the outcome of each record as one stream, in the order submitted. When the stream breaks, it is read again, and what was
 * read before is left out: positions never change, so each record is read once.
 */
export async function* walkRecords(
  connection: Connection,
  id: string,
  query: RecordsQuery = {},
  options: RequestOptions = {},
): AsyncGenerator<RecordOutcome, void> {
  expectOptions(query, ["outcome"]);
  let [last, breaks] = [-1, 0];
  for (;;) {
    try {
      for await (const record of readRecords(connection, id, query, options)) {
        if (record.position <= last) continue;
        [last, breaks] = [record.position, 0];
        yield record;
      }
      return;
    } catch (error) {
      breaks += 1;
      if (!(error instanceof ConnectionError) || breaks > MOST_BREAKS) throw error;
    }
    await pause(PAUSE_MS, options.signal);
  }
}

async function* readRecords(
  connection: Connection,
  id: string,
  { outcome = [] }: RecordsQuery,
  { signal }: RequestOptions,
): AsyncGenerator<RecordOutcome, void> {
  const lines = openStream(connection, {
    ...{ method: "GET", url: "/v1/bulk_actions/{id}/records", path: { id }, accept: "application/x-ndjson" },
    ...{ query: { "outcome[]": outcome }, isRepeatable: true, signal },
  });
  for await (const line of lines) yield parseJson<RecordOutcome>(line);
}
