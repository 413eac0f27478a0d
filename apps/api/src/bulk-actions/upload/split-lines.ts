import { lineTooLong, MOST_LINE_BYTES } from "./upload-faults.ts";

/** The lines of a body, without their ends: where each begins and ends in `bytes`, and its number, from 1. */
export type TakeLine = (bytes: Buffer, from: number, to: number, line: number) => "taken" | "stop";

/** What is left of the body when a line was not taken: from that line on. */
export type Remainder = { readonly bytes: Buffer; readonly line: number };

const [LINE_FEED, RETURN] = [0x0a, 0x0d] as const;
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);

/**
 * Splits a body into lines, which end by LF or CR LF, and passes each on. Passes over a byte order mark at the beginning, and over
 * empty lines. Yields after every piece. Returns the remainder if a line is not taken. Throws `invalid` for a line that is too
 * long.
 */
export async function* splitLines(
  pieces: AsyncIterator<Buffer>,
  take: TakeLine,
): AsyncGenerator<undefined, Remainder | undefined> {
  let parts: Buffer[] = [];
  let kept = 0;
  let line = 1;
  for (let step = await pieces.next(); ; step = await pieces.next()) {
    const isLast = step.done === true;
    if (step.done !== true) {
      parts.push(step.value);
      kept += step.value.length;
      // Joined only when there is a whole line: pieces may have one byte each.
      if (!step.value.includes(LINE_FEED) && kept <= MOST_LINE_BYTES) continue;
    }
    const bytes = withoutMark(Buffer.concat(parts), line);
    let from = 0;
    for (let end = findEnd(bytes, from, isLast); end >= 0; end = findEnd(bytes, from, isLast)) {
      const to = end < bytes.length && end > from && bytes[end - 1] === RETURN ? end - 1 : end;
      if (to - from > MOST_LINE_BYTES) throw lineTooLong(line);
      if (to > from && take(bytes, from, to, line) === "stop") return { bytes: bytes.subarray(from), line };
      from = end + 1;
      line += 1;
    }
    if (isLast) return undefined;
    const rest = bytes.subarray(from);
    if (rest.length > MOST_LINE_BYTES) throw lineTooLong(line);
    parts = [rest];
    kept = rest.length;
    yield;
  }
}

function withoutMark(bytes: Buffer, line: number): Buffer {
  return line === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}

// The last line may have no end.
function findEnd(bytes: Buffer, from: number, isLast: boolean): number {
  const end = bytes.indexOf(LINE_FEED, from);
  return end < 0 && isLast && from < bytes.length ? bytes.length : end;
}
