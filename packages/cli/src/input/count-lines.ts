/** What the lines of a file of ids tell without reading it as the service does. */
export type Count = {
  /** The number of its lines that are not empty; one of them may be a header. */
  readonly lines: number;
  /** The number of its ids, if that is certain. */
  readonly count: number | undefined;
};

const [LINE_FEED, QUOTE] = [0x0a, 0x22] as const;

/** Spaces, tabs, carriage returns and the bytes of a byte order mark: a line of nothing else is empty. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d, 0xef, 0xbb, 0xbf]);

/** A header is within so many bytes, or it is taken for none that is known. */
const MOST_HEADER_BYTES = 4_096;

/** Counts the lines of a file. */
export async function countLines(file: Blob): Promise<Count> {
  let [lines, isEmpty, hasQuotes] = [0, true, false];
  for await (const piece of file.stream()) {
    for (const byte of piece) {
      if (byte === LINE_FEED) isEmpty = true;
      else if (isEmpty && !BLANKS.has(byte)) [lines, isEmpty] = [lines + 1, false];
      if (byte === QUOTE) hasQuotes = true;
    }
  }
  if (file.type === "application/x-ndjson") return { lines, count: lines };
  const headers = hasQuotes ? undefined : countHeaders(await file.slice(0, MOST_HEADER_BYTES).text());
  return { lines, count: headers === undefined ? undefined : lines - headers };
}

// Several columns must have a header. A word may be the name of the key, or an id: only the service knows.
function countHeaders(start: string): number | undefined {
  const [first] = start.trimStart().split(/\r?\n/, 1);
  if (first === undefined || first.length >= MOST_HEADER_BYTES) return undefined;
  if (first.includes(",") || /^(record_)?id\s*$/i.test(first)) return 1;
  return /^(\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(first) ? 0 : undefined;
}
