import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { RequestError } from "@bulk/domain/request-error";

export type BytesOptions = {
  /** Of the body as it is once it is decompressed. */
  readonly most: number;
  /** Called with the size that the body has by now, or will have at least; what it throws ends the reading. */
  readonly reserve: (bytes: number) => Promise<void>;
};

/**
 * Reads the body of a request, decompressed. Throws `too_large` for more than `most` bytes, and for compressed ones
 * that unpack to far more than ids ever do; `unsupported` for an unknown compression, `malformed` for bytes that break
 * off or are not what they claim. What is left unread then is discarded.
 */
export async function readBytes(request: IncomingMessage, options: BytesOptions): Promise<Buffer> {
  try {
    return await collect(request, options);
  } catch (error) {
    await discardRest(request);
    throw error instanceof RequestError ? error : unreadable();
  }
}

async function collect(request: IncomingMessage, { most, reserve }: BytesOptions): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > most) throw tooLarge();
  const decompressor = openDecompressor(request.headers["content-encoding"] ?? "identity");
  await reserve(announced);
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of decompress(request, decompressor)) {
    size += piece.length;
    if (size > most) throw tooLarge();
    if (size > announced) await reserve(size);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

// Answered in the middle of sending, many clients would see a reset and no answer. The server's time-out for a whole
// request ends this. Whoever was not told to go on sends nothing.
async function discardRest(request: IncomingMessage): Promise<void> {
  if (request.headers.expect !== undefined && !request.readableDidRead) return;
  request.resume();
  await finished(request).catch(() => undefined);
}

/** What any body may unpack to, however well it was compressed. */
const UNPACKED_FREELY = 64 * 1024;

/** Ids in JSON are compressed to between a half and a quarter, in forms, with their names, to a seventh. */
const MOST_TIMES = 8;

function openDecompressor(encoding: string): Transform | undefined {
  switch (encoding.toLowerCase()) {
    case "identity":
      return undefined;
    case "gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      throw new RequestError(
        "unsupported",
        "request.unsupported_media_type",
        "Send the body as it is, or compressed with gzip, deflate or br.",
      );
  }
}

async function* decompress(
  request: IncomingMessage,
  decompressor: Transform | undefined,
): AsyncGenerator<Buffer> {
  // Not destroyed with the reading: the connection has to carry the answer.
  if (decompressor === undefined) return yield* request.iterator({ destroyOnReturn: false });
  let [arrived, unpacked] = [0, 0];
  request.on("data", (piece: Buffer) => {
    arrived += piece.length;
  });
  // `pipe` does not hand it on.
  request.once("error", (error) => decompressor.destroy(error));
  for await (const piece of request.pipe(decompressor)) {
    unpacked += piece.length;
    if (unpacked > UNPACKED_FREELY + MOST_TIMES * arrived) throw tooCompressed();
    yield piece;
  }
}

function tooLarge(): RequestError {
  return new RequestError("too_large", "request.too_large", "The body is too large.");
}

function tooCompressed(): RequestError {
  const message = `The body unpacks to more than ${MOST_TIMES} times its size. Send it as it is.`;
  return new RequestError("too_large", "request.too_large", message);
}

function unreadable(): RequestError {
  return new RequestError("malformed", "request.malformed", "The body cannot be read.");
}
