import type { KeyType } from "@bulk/domain/keys/key-type";
import { readKey } from "@bulk/domain/keys/read-key";
import { runAtOnce, type Slices } from "@bulk/service/timing/slices";
import { dropRepeated } from "./drop-repeated.ts";
import { addId, type IdArray, openIdArray, writeHead } from "./id-array.ts";

/** Distinct ids of records of one type, in the order given. */
export type RecordIds = {
  readonly type: KeyType;
  readonly count: number;
  /** The ids as one parameter in PostgreSQL's binary format: a `uuid[]` for UUIDs, otherwise a `text[]`. */
  readonly encoded: Uint8Array<ArrayBuffer>;
};

/**
 * Parses ids of this type and drops those that repeat an earlier one. Returns `undefined` if any value is no such id.
 */
export function readRecordIds(type: KeyType, values: readonly unknown[]): RecordIds | undefined {
  const array = openIdArray(type, 0);
  for (const value of values) {
    const id = readKey(type, value);
    if (id === undefined) return undefined;
    addId(array, id);
  }
  return runAtOnce(distinctIds(array));
}

/** Drops the ids that repeat an earlier one. The array belongs to the result. */
export function* distinctIds(array: IdArray): Slices<RecordIds> {
  const { bytes, type } = array;
  const { count, end } = yield* dropRepeated(bytes, array.end, array.count);
  writeHead(bytes, type, count);
  return { type, count, encoded: bytes.subarray(0, end) };
}

/** Returns whether a value is `RecordIds`. No value of JSON or of a form is. */
export function isRecordIds(value: unknown): value is RecordIds {
  return (
    typeof value === "object" && value !== null && "encoded" in value && value.encoded instanceof Uint8Array
  );
}
