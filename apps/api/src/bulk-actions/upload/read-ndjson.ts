import { isUtf8 } from "node:buffer";
import { splitLines } from "./split-lines.ts";
import { recordIdsFault } from "./upload-faults.ts";
import type { UploadedIds } from "./uploaded-ids.ts";

/**
 * Reads the ids of NDJSON: a text, a number or an object with one of the names on each line. Yields after every piece. Throws
 * `invalid` for a line that is none of these.
 */
export async function* readNdjson(
  pieces: AsyncIterator<Buffer>,
  ids: UploadedIds,
  onLine: (line: number) => void,
): AsyncGenerator<undefined> {
  yield* splitLines(pieces, (bytes, from, to, line) => {
    onLine(line);
    if (!addText(ids, bytes, from, to, line) && !addDigits(ids, bytes, from, to, line))
      addLine(ids, bytes.subarray(from, to), line);
    return "taken";
  });
}

const [QUOTE, ZERO, NINE] = [0x22, 0x30, 0x39] as const;

// `addPlain` takes no text with a quote or an escape.
function addText(ids: UploadedIds, bytes: Buffer, from: number, to: number, line: number): boolean {
  return (
    to - from > 2 &&
    bytes[from] === QUOTE &&
    bytes[to - 1] === QUOTE &&
    ids.addPlain(bytes, from + 1, to - 1, line)
  );
}

/** Numbers with more digits may not be exact in JSON. */
const SAFE_DIGITS = 15;

function addDigits(ids: UploadedIds, bytes: Buffer, from: number, to: number, line: number): boolean {
  if (ids.type === "uuid" || ids.type === "text" || to - from > SAFE_DIGITS) return false;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) return false;
  }
  return ids.addPlain(bytes, from, to, line);
}

function addLine(ids: UploadedIds, bytes: Buffer, line: number): void {
  if (!isUtf8(bytes)) throw recordIdsFault("invalid", `line ${line} is not UTF-8`, { line });
  const text = bytes.toString();
  if (text.trim() === "") return;
  ids.addValue(idOf(parse(text, line), ids.names), line);
}

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw recordIdsFault("invalid", `line ${line} is not JSON`, { line });
  }
}

function idOf(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const name = names.find((each) => Object.hasOwn(value, each));
  return name === undefined ? value : Reflect.get(value, name);
}
