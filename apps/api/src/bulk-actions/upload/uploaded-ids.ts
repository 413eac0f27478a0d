import { isUtf8 } from "node:buffer";
import type { RequestError } from "@bulk/domain/errors/request-error";
import type { KeyType } from "@bulk/domain/keys/key-type";
import { describeKey, readKey } from "@bulk/domain/keys/read-key";
import { showValue } from "@bulk/domain/show-value";
import {
  addId,
  addPlainId,
  HEAD_BYTES,
  type IdArray,
  openIdArray,
  writeHead,
} from "@bulk/store/record-ids/id-array";
import type { RecordIds } from "@bulk/store/record-ids/read-record-ids";
import { recordIdsFault } from "./upload-faults.ts";

/** The ids of an upload, of which only the latest are in memory. */
export type UploadedIds = {
  readonly type: KeyType;
  /** Names that a column or a key with ids may have, in lower case; the first of them that is there counts. */
  readonly names: readonly string[];
  /** Number of ids so far, with those that repeat. */
  count(): number;
  /** Adds the id in these bytes, if it is plain ASCII. Returns false, and adds nothing, if it is anything else or no id. */
  addPlain(bytes: Uint8Array, from: number, to: number, line: number): boolean;
  /** Adds the id in the bytes of a field. Throws `invalid` if it is none. */
  addBytes(field: Buffer, line: number): void;
  /** Adds a value of JSON. Throws `invalid` if it is no id. */
  addValue(value: unknown, line: number): void;
  /** How much memory all of them take (`IdWeight`). */
  weight(): number;
  /** Whether so many ids are in memory that they should be taken. */
  isFull(): boolean;
  /** Takes the ids from memory. They are valid until the next id is added. */
  take(): RecordIds;
};

export type UploadLimits = {
  /** The most ids. */
  readonly most: number;
  /** How many ids the caller says that there are. */
  readonly expected: number | undefined;
};

/** About 52,000 UUIDs. Larger statements are not faster. */
const BATCH_BYTES = 1024 * 1024;

/** As `CHUNK_WEIGHT` weighs what is stored. */
const BYTES_PER_WEIGHT = 18;

/** Opens a list without ids. */
export function openUploadedIds(
  type: KeyType,
  names: readonly string[],
  { most, expected = most }: UploadLimits,
): UploadedIds {
  const array = openIdArray(type, 2 * BATCH_BYTES);
  let [taken, takenBytes] = [0, 0];
  function admit(line: number): void {
    const count = taken + array.count;
    if (count >= most)
      throw recordIdsFault("too_long", `has more than ${most} ids: line ${line} is one too many`, {
        count: most,
        line,
      });
    if (count >= expected) throw wrongLength(expected, line);
  }
  function add(value: unknown, line: number): void {
    const id = readKey(type, value);
    if (id === undefined) throw notAnId(type, showValue(value), line);
    admit(line);
    addId(array, id);
  }
  return {
    type,
    names,
    count: () => taken + array.count,
    addPlain(bytes, from, to, line) {
      const { end, count } = array;
      if (!addPlainId(array, bytes, from, to)) return false;
      if (count + taken < Math.min(most, expected)) return true;
      Object.assign(array, { end, count });
      admit(line);
      return true;
    },
    addBytes(field, line) {
      if (this.addPlain(field, 0, field.length, line)) return;
      if (!isUtf8(field)) throw recordIdsFault("invalid", `line ${line} is not UTF-8`, { line });
      add(field.toString(), line);
    },
    addValue: add,
    weight: () => Math.max(taken + array.count, Math.ceil((takenBytes + array.end) / BYTES_PER_WEIGHT)),
    isFull: () => array.end > BATCH_BYTES,
    take() {
      const ids = takeAll(array);
      taken += ids.count;
      takenBytes += ids.encoded.length;
      return ids;
    },
  };
}

// The bytes are used again for the next ids.
function takeAll(array: IdArray): RecordIds {
  const { type, count, bytes, end } = array;
  writeHead(bytes, type, count);
  Object.assign(array, { count: 0, end: HEAD_BYTES });
  return { type, count, encoded: bytes.subarray(0, end) };
}

/** Throws `invalid` if there are no ids, or not as many as the caller says. */
export function expectComplete(count: number, expected: number | undefined, lines: number): void {
  if (count === 0) throw recordIdsFault("blank", "can't be blank", {});
  if (expected !== undefined && count !== expected) throw wrongLength(expected, lines, count);
}

function wrongLength(expected: number, line: number, count?: number): RequestError {
  const found = count === undefined ? `more than ${expected} ids` : `${count} ids`;
  const message = `has ${found} up to line ${line}; Bulk-Expected-Count is ${expected}`;
  return recordIdsFault("wrong_length", message, { count: expected, line });
}

/** The error for a line without an id. */
export function notAnId(type: KeyType, shown: string, line: number): RequestError {
  return recordIdsFault("invalid", `line ${line} is not ${describeKey(type)}: ${shown}`, {
    line,
    value: shown,
  });
}
