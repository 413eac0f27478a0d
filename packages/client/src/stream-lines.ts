/** Ids as lines of NDJSON. */
export type LineStream = {
  readonly content: ReadableStream<Uint8Array>;
  /** Draws no further id, breaks the stream off, and closes the source. Does nothing after the end of the source. */
  close(): void;
};

/** So many ids are one piece of the stream. */
const IDS_AT_ONCE = 1_000;

/** Returns the ids of a source as a stream of lines. Draws an id only when the stream is read. */
export function streamLines(ids: AsyncIterable<string> | readonly string[]): LineStream {
  const source = Symbol.asyncIterator in ids ? ids[Symbol.asyncIterator]() : ids[Symbol.iterator]();
  const encoder = new TextEncoder();
  const breakOff = new AbortController();
  let isOver = false;

  async function drawPiece(): Promise<Uint8Array> {
    const lines: string[] = [];
    while (!isOver && lines.length < IDS_AT_ONCE) {
      const { done, value } = await source.next();
      if (done) isOver = true;
      else lines.push(`${JSON.stringify(value)}\n`);
    }
    return encoder.encode(lines.join(""));
  }

  function close(): void {
    if (isOver) return;
    isOver = true;
    breakOff.abort(new Error("The request has ended before the source."));
    closeSource(source).catch(() => undefined);
  }

  const content = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Not closed: the server would take what it has for the whole.
        breakOff.signal.addEventListener("abort", () => controller.error(breakOff.signal.reason));
      },
      async pull(controller) {
        const piece = await drawPiece().catch((error: unknown) => {
          isOver = true;
          throw error;
        });
        if (breakOff.signal.aborted) return;
        if (piece.length > 0) controller.enqueue(piece);
        if (isOver) controller.close();
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
  return { content, close };
}

// Not waited for: a generator that waits for its next id closes only then.
async function closeSource(source: Iterator<string> | AsyncIterator<string>): Promise<void> {
  await source.return?.();
}
