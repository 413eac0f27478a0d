import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { CommandError, EXIT } from "../exit-codes.ts";
import { type Count, countLines } from "./count-lines.ts";

/** A file of ids. */
export type IdsFile = Count & {
  readonly ids: Blob;
  /** Whether all of it has been sent at least once. */
  readonly isSent: () => boolean;
  /** Ends the reading. Node's `fetch` reads a file on after an abort. */
  readonly stop: () => void;
};

/**
 * Opens a file of ids: NDJSON if its name ends so, otherwise CSV. It is read piece by piece. Throws `CommandError` if it cannot be
 * read.
 *
 * @param onSent hears how many bytes of how many are being sent
 */
export async function openFile(path: string, onSent: (sent: number, size: number) => void): Promise<IdsFile> {
  const type = /\.(ndjson|jsonl)$/i.test(path) ? "application/x-ndjson" : "text/csv";
  try {
    if (!(await stat(path)).isFile()) throw new Error("It is no file.");
    const file = await openAsBlob(path, { type });
    let isSent = file.size === 0;
    let isStopped = false;
    const ids = watch(file, (sent) => {
      if (isStopped) throw new Error("The sending was stopped.");
      isSent ||= sent === file.size;
      onSent(sent, file.size);
    });
    const stop = () => {
      isStopped = true;
    };
    return { ids, isSent: () => isSent, stop, ...(await countLines(file)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(EXIT.failed, `${path} cannot be read: ${reason}`);
  }
}

/** Returns the same file, which tells how far it is read, and is read on unless `onRead` throws. Its size stays known to `fetch`, which reads its stream. */
function watch(file: Blob, onRead: (bytes: number) => void): Blob {
  function stream(): ReadableStream<Uint8Array> {
    let bytes = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        bytes += piece.length;
        onRead(bytes);
        controller.enqueue(piece);
      },
    });
    return file.stream().pipeThrough(counter);
  }
  return Object.defineProperty(file.slice(0, file.size, file.type), "stream", { value: stream });
}
