import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import type { UploadedIds } from "./uploaded-ids.ts";

/** PostgreSQL ends the transaction of a silent session; senders of long lines may take minutes for a batch. */
const SIGN_OF_LIFE_MS = 30_000;

/**
 * Returns the ids batch by batch as they are read. Yields an empty batch when there has been none for a while.
 *
 * @param reading adds to `ids`, a little in each step
 */
export async function* batchIds(
  reading: AsyncIterable<undefined>,
  ids: UploadedIds,
): AsyncGenerator<RecordIds> {
  let yieldedAt = performance.now();
  for await (const _ of reading) {
    const isLate = performance.now() - yieldedAt > SIGN_OF_LIFE_MS;
    if (!ids.isFull() && !isLate) continue;
    yield ids.isFull() ? ids.take() : { type: ids.type, count: 0, encoded: NOTHING };
    yieldedAt = performance.now();
  }
  const rest = ids.take();
  if (rest.count > 0) yield rest;
}

const NOTHING = new Uint8Array();
