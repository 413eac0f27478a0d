import { runInSlices } from "@bulk/service/timing/slices";
import { elementEnd, HEAD_BYTES, type IdArray, openIdArray } from "./id-array.ts";
import { jsonOfRecordIds } from "./ids-json.ts";
import { distinctIds, type RecordIds } from "./read-record-ids.ts";

/** The first ids of batches, copied, so that they outlast their batch. */
export type FirstIds = {
  add(batch: RecordIds): void;
  /** Returns them without those that repeat. Call it once. */
  finish(): Promise<RecordIds>;
};

/** Opens an empty list of at most `most` ids, with those that repeat. */
export function openFirstIds(type: RecordIds["type"], most: number): FirstIds {
  const array = openIdArray(type, 0);
  return {
    add: (batch) => addFirst(array, batch, most),
    finish: () => runInSlices(distinctIds(array)),
  };
}

function addFirst(array: IdArray, { count, encoded }: RecordIds, most: number): void {
  const wanted = Math.min(count, most - array.count);
  if (wanted === 0) return;
  let end = HEAD_BYTES;
  for (let taken = 0; taken < wanted; taken += 1) end = elementEnd(encoded, end);
  array.bytes = Buffer.concat([array.bytes.subarray(0, array.end), encoded.subarray(HEAD_BYTES, end)]);
  array.end = array.bytes.length;
  array.count += wanted;
}

/** Returns the texts of the first ids, at most `most`. */
export async function firstTexts(ids: RecordIds, most: number): Promise<readonly string[]> {
  const first = openFirstIds(ids.type, most);
  first.add(ids);
  const pieces = [...jsonOfRecordIds(await first.finish()).pieces()];
  const texts: readonly string[] = JSON.parse(
    pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join(""),
  );
  return texts;
}
