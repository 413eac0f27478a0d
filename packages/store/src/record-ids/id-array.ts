import type { IntegerType, KeyType } from "@bulk/domain/keys/key-type";
import { readKey } from "@bulk/domain/keys/read-key";

/*
 * Ids as one parameter of a statement: a `uuid[]` or `text[]` in PostgreSQL's binary format (`array_send`). So PostgreSQL
 * need not parse any, no text needs quotes, and a UUID takes half the bytes of its text. After the head comes each element,
 * its length before it.
 */

/** Bytes of the head: dimensions, no nulls, element type, number of elements, lower bound. */
export const HEAD_BYTES = 20;

/** Bytes of the length before each element. */
export const LENGTH_BYTES = 4;

/** Returns where the element ends that begins here. */
export function elementEnd(array: Uint8Array, start: number): number {
  const length =
    ((array[start] ?? 0) << 24) |
    ((array[start + 1] ?? 0) << 16) |
    ((array[start + 2] ?? 0) << 8) |
    (array[start + 3] ?? 0);
  return start + LENGTH_BYTES + length;
}

/** The object ids of element types, the same in every version of PostgreSQL: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const [TEXT_OID, UUID_OID] = [25, 2950] as const;

/** Writes the head of an array of this many ids. */
export function writeHead(array: Buffer, type: KeyType, count: number): void {
  const values = [1, 0, type === "uuid" ? UUID_OID : TEXT_OID, count, 1];
  for (const [index, value] of values.entries()) array.writeInt32BE(value, 4 * index);
}

/** An array of ids that is being written. */
export type IdArray = {
  readonly type: KeyType;
  /** May be longer than what is written. */
  bytes: Buffer<ArrayBuffer>;
  /** Where what is written ends. */
  end: number;
  /** Number of ids, with those that repeat. */
  count: number;
};

/** Opens an empty array with room for the ids in this many bytes of JSON; it grows beyond. */
export function openIdArray(type: KeyType, jsonBytes: number): IdArray {
  const share = type === "uuid" ? UUID_SHARE : TEXT_SHARE;
  const bytes = HEAD_BYTES + MOST_BYTES + Math.ceil(share * jsonBytes);
  return { type, bytes: Buffer.alloc(bytes), end: HEAD_BYTES, count: 0 };
}

/** The size of an element for each byte of JSON at most: an id with quotes and a comma. The shortest text has one character. */
const [UUID_SHARE, TEXT_SHARE] = [(LENGTH_BYTES + 16) / 39, (LENGTH_BYTES + 1) / 4] as const;

/** The most bytes of an element: a text of 255 characters. */
const MOST_BYTES = LENGTH_BYTES + 255 * 4;

/** Adds an id in canonical text. */
export function addId(array: IdArray, id: string): void {
  if (array.type === "uuid") addPlainId(array, SCRATCH, 0, SCRATCH.write(id, "latin1"));
  else {
    makeRoom(array);
    endElement(array, array.bytes.write(id, array.end + LENGTH_BYTES));
  }
}

const SCRATCH = Buffer.alloc(36);

/**
 * Adds the id whose text is in these bytes, if it is plain ASCII: without control characters, quotes and backslashes. Adds
 * nothing and returns false if it is anything else or no id of the array's type.
 */
export function addPlainId(array: IdArray, text: Uint8Array, from: number, to: number): boolean {
  makeRoom(array);
  if (array.type === "uuid") return addUuid(array, text, from, to);
  const isId = array.type === "text" ? isPlainText(text, from, to) : isInteger(array.type, text, from, to);
  if (!isId) return false;
  const start = array.end + LENGTH_BYTES;
  for (let at = from; at < to; at += 1) array.bytes[start + at - from] = text[at] ?? 0;
  endElement(array, to - from);
  return true;
}

function makeRoom(array: IdArray): void {
  if (array.end + MOST_BYTES <= array.bytes.length) return;
  const larger = Buffer.alloc(2 * array.bytes.length);
  array.bytes.copy(larger, 0, 0, array.end);
  array.bytes = larger;
}

function endElement(array: IdArray, length: number): void {
  const { bytes, end } = array;
  bytes[end] = 0;
  bytes[end + 1] = 0;
  bytes[end + 2] = length >> 8;
  bytes[end + 3] = length & 0xff;
  array.end = end + LENGTH_BYTES + length;
  array.count += 1;
}

const DASH = "-".charCodeAt(0);

// Reads without joining and cutting texts, which would be garbage of several times their size.
function addUuid(array: IdArray, text: Uint8Array, from: number, to: number): boolean {
  if (to - from !== 36) return false;
  const start = array.end + LENGTH_BYTES;
  let all = 0;
  for (let byte = 0; byte < 16; byte += 1) {
    const at = from + (DIGITS_AT[byte] ?? 0);
    const value = ((VALUES[text[at] ?? 0] ?? -1) << 4) | (VALUES[text[at + 1] ?? 0] ?? -1);
    all |= value;
    array.bytes[start + byte] = value;
  }
  // A wrong digit is negative, and so is everything that it is a part of.
  if (all < 0 || !hasDashes(text, from)) return false;
  endElement(array, 16);
  return true;
}

/** The index in the text of the two digits of each byte. */
const DIGITS_AT = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);

function hasDashes(text: Uint8Array, from: number): boolean {
  return (
    text[from + 8] === DASH &&
    text[from + 13] === DASH &&
    text[from + 18] === DASH &&
    text[from + 23] === DASH
  );
}

/** A hexadecimal digit's value, -1 for all other bytes. */
const VALUES = new Int8Array(256).fill(-1);
for (const [value, characters] of [..."0123456789", "aA", "bB", "cC", "dD", "eE", "fF"].entries()) {
  for (const character of characters) VALUES[character.charCodeAt(0)] = value;
}

const [SPACE, QUOTE, BACKSLASH, DELETE] = [0x20, 0x22, 0x5c, 0x7f] as const;

function isPlainText(text: Uint8Array, from: number, to: number): boolean {
  if (to === from || to - from > 255) return false;
  for (let at = from; at < to; at += 1) {
    const byte = text[at] ?? 0;
    if (byte < SPACE || byte > DELETE || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

/** Every integer of at most so many digits is in the range of its type. */
const SAFE_DIGITS = { smallint: 4, integer: 9, bigint: 18 } as const;

function isInteger(type: IntegerType, text: Uint8Array, from: number, to: number): boolean {
  const first = text[from] === DASH ? from + 1 : from;
  const digits = to - first;
  if (digits > SAFE_DIGITS[type]) return digits < 20 && readKey(type, asText(text, from, to)) !== undefined;
  if (digits === 0 || (text[first] === ZERO && to - from > 1)) return false;
  for (let at = first; at < to; at += 1) {
    const digit = (text[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}

const ZERO = "0".charCodeAt(0);

function asText(text: Uint8Array, from: number, to: number): string {
  return Buffer.from(text.buffer, text.byteOffset + from, to - from).toString("latin1");
}
