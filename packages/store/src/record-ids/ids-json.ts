import { elementEnd, HEAD_BYTES, LENGTH_BYTES } from "./id-array.ts";
import type { RecordIds } from "./read-record-ids.ts";

/** A list of ids that is written as JSON without a string for each. */
export type IdsJson = {
  readonly count: number;
  /** Writes the text of the JSON array in pieces of some ten kilobytes. */
  readonly pieces: () => Iterable<string | Uint8Array>;
};

export const NO_IDS_JSON: IdsJson = { count: 0, pieces: () => ["[]"] };

/** Returns the JSON of ids in PostgreSQL's binary format. */
export function jsonOfRecordIds({ type, count, encoded }: RecordIds): IdsJson {
  if (count === 0) return NO_IDS_JSON;
  const write = type === "uuid" ? writeUuids : writeTexts;
  return { count, pieces: () => write(encoded) };
}

/**
 * Returns the JSON of ids that the database wrote (`chunk-ids.ts`).
 *
 * @param texts the ids of one chunk each
 */
export function jsonOfTexts(count: number, texts: readonly string[]): IdsJson {
  return { count, pieces: () => joinTexts(texts) };
}

function* joinTexts(texts: readonly string[]): Generator<string> {
  let before = "[";
  for (const text of texts) {
    if (text === "" || text === "[]") continue;
    yield before + (text.startsWith("[") ? text.slice(1, -1) : `"${text.replaceAll(",", '","')}"`);
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

/** Ids in one piece. */
const AT_ONCE = 1_000;

/** A UUID in quotes, and a comma. */
const UUID_BYTES = 39;

function* writeUuids(encoded: Uint8Array): Generator<Uint8Array> {
  const element = LENGTH_BYTES + 16;
  let before = "[".charCodeAt(0);
  for (let from = HEAD_BYTES; from < encoded.length; from += AT_ONCE * element) {
    const to = Math.min(encoded.length, from + AT_ONCE * element);
    const piece = new Uint8Array(((to - from) / element) * UUID_BYTES);
    for (let at = from, end = 0; at < to; at += element, end += UUID_BYTES) {
      piece[end] = before;
      writeUuid(encoded, at + LENGTH_BYTES, piece, end + 1);
      before = COMMA;
    }
    yield piece;
  }
  yield END;
}

const [QUOTE, COMMA, DASH] = [0x22, 0x2c, 0x2d] as const;
const END = new TextEncoder().encode("]");
const DIGITS = new TextEncoder().encode("0123456789abcdef");

function writeUuid(encoded: Uint8Array, from: number, piece: Uint8Array, start: number): void {
  let to = start;
  piece[to++] = QUOTE;
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) piece[to++] = DASH;
    const byte = encoded[from + index] ?? 0;
    piece[to++] = DIGITS[byte >> 4] ?? 0;
    piece[to++] = DIGITS[byte & 15] ?? 0;
  }
  piece[to] = QUOTE;
}

function* writeTexts(encoded: Uint8Array): Generator<string> {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  let before = "[";
  for (let from = HEAD_BYTES; from < bytes.length; ) {
    const texts: string[] = [];
    while (from < bytes.length && texts.length < AT_ONCE) {
      const end = elementEnd(bytes, from);
      texts.push(bytes.toString("utf8", from + LENGTH_BYTES, end));
      from = end;
    }
    yield before + JSON.stringify(texts).slice(1, -1);
    before = ",";
  }
  yield "]";
}
