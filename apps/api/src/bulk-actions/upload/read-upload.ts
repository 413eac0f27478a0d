import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import type { ApiContext } from "../../context.ts";
import type { Upload } from "../../http/bodies/upload.ts";
import { batchIds } from "./batch-ids.ts";
import { readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import { expectComplete, openUploadedIds, type UploadedIds, type UploadLimits } from "./uploaded-ids.ts";

/** What reading an upload takes: a batch as it arrives, in the statement and in the driver; pieces of the body; a line. */
export const UPLOAD_MEMORY = 8 * 1024 * 1024;

/** The average size of a record of CSV at most: no file of so many records is longer. */
const BYTES_PER_LINE = 1_024;

/** An upload that is read as its batches are asked for. */
export type UploadReading = {
  readonly ids: UploadedIds;
  /**
   * A batch is valid until the next is asked for; one may be empty. Throws `invalid` for the first fault, and at the end if
   * there are no ids, or not as many as expected.
   */
  readonly batches: AsyncGenerator<RecordIds>;
};

/** Opens the ids of an upload for this action type. Reads nothing yet. */
export function readUpload(
  upload: Upload,
  actionType: string,
  limits: UploadLimits,
  context: Pick<ApiContext, "registry">,
): UploadReading {
  const { name, type } = findKey(actionType, context);
  const ids = openUploadedIds(type, [...new Set([name.toLowerCase(), "id", "record_id"])], limits);
  async function* batches(): AsyncGenerator<RecordIds> {
    let lines = 0;
    const read = upload.format === "csv" ? readCsv : readNdjson;
    const reading = read(upload.read(limits.most * BYTES_PER_LINE), ids, (line) => (lines = line));
    yield* batchIds(reading, ids);
    expectComplete(ids.count(), limits.expected, lines);
  }
  return { ids, batches: batches() };
}

function findKey(actionType: string, { registry }: Pick<ApiContext, "registry">) {
  const action = registry.get(actionType);
  if (action === undefined) throw new Error(`The registry has lost ${actionType}.`);
  return action.key;
}
