import { ConnectionError } from "../errors.ts";

/** The most characters of a line of a stream. A record or an event has a few hundred. */
const MOST_LINE_CHARACTERS = 1_000_000;

/** The most bytes of an answer that is read as a whole: far more than a page of 1,000 records. */
const MOST_BYTES = 32_000_000;

/** How long an answer may pause. An open stream of events sends something every 15 s. */
const SILENT_MS = 45_000;

/** Reads a body as text. Throws `ConnectionError` if it breaks off, pauses for 45 s or is longer than 32 MB. */
export async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of readPieces(response)) {
    bytes += piece.byteLength;
    if (bytes > MOST_BYTES) throw new ConnectionError(`The answer has more than ${MOST_BYTES} bytes.`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Reads a body line by line as they arrive, without the line ends. What follows the last line end is no line: the body broke
 * off there. Throws `ConnectionError` if it breaks off, pauses for 45 s or has a line of over a million characters.
 */
export async function* readLines(response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of readPieces(response)) {
    const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST_LINE_CHARACTERS) throw new ConnectionError("A line of the answer is too long.");
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}

async function* readPieces({ body }: Response): AsyncGenerator<Uint8Array, void> {
  // Not by `for await`: not every browser can iterate a stream.
  const reader = body?.getReader();
  try {
    for (;;) {
      const piece = reader && (await beforeSilence(reader.read()));
      if (piece?.value === undefined) return;
      yield piece.value;
    }
  } finally {
    // Also when the caller stops early: otherwise the connection stays open.
    reader?.cancel().catch(() => undefined);
  }
}

async function beforeSilence<Result>(reading: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came for ${SILENT_MS} ms.`)), SILENT_MS);
  });
  try {
    return await Promise.race([reading, silence]);
  } catch (cause) {
    throw new ConnectionError("The answer broke off.", { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Parses what the API sent, which is trusted to be as documented. Throws `ConnectionError` for what is not JSON. */
export function parseJson<Answer>(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    throw new ConnectionError("The answer is not JSON.", { cause });
  }
}
