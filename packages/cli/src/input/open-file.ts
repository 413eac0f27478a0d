import { openAsBlob } from "node:fs";

/** A file of ids. */
export type IdsFile = {
  readonly ids: Blob;
  /** The number of its lines that are not empty; one of them may be a header. */
  readonly lines: number;
};

/** Opens a file of ids: NDJSON if its name ends so, otherwise CSV. It is read piece by piece. */
export async function openFile(path: string): Promise<IdsFile> {
  const type = /\.(ndjson|jsonl)$/i.test(path) ? "application/x-ndjson" : "text/csv";
  const ids = await openAsBlob(path, { type });
  return { ids, lines: await countLines(ids) };
}

async function countLines(file: Blob): Promise<number> {
  let [lines, isEmpty] = [0, true];
  for await (const piece of file.stream()) {
    for (const byte of piece) {
      if (byte === LINE_FEED) isEmpty = true;
      else if (isEmpty && byte !== CARRIAGE_RETURN) [lines, isEmpty] = [lines + 1, false];
    }
  }
  return lines;
}

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];
