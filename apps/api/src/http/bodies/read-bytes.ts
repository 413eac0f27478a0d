import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { RequestError } from "@bulk/domain/errors/request-error";

export type BytesOptions = {
  /** Maximum size of the decompressed body. */
  readonly most: number;
  /** Called with the known minimum size of the body. If it throws, reading ends. */
  readonly reserve: (bytes: number) => Promise<void>;
  /** Called with each piece of the decompressed body. */
  readonly take: (piece: Buffer) => void;
};

/**
 * Reads and decompresses the body of a request, piece by piece. Throws `too_large` for more than `most` bytes or a compression ratio
 * that ids never reach, `unsupported` for an unknown compression, and `malformed` for a body that breaks off or is not
 * compressed as declared. Discards the unread rest in these cases.
 */
export async function readBytes(request: IncomingMessage, options: BytesOptions): Promise<void> {
  try {
    await readPieces(request, options);
  } catch (error) {
    await discardRest(request);
    throw error instanceof RequestError ? error : unreadable();
  }
}

async function readPieces(request: IncomingMessage, { most, reserve, take }: BytesOptions): Promise<void> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > most) throw tooLarge();
  const decompressor = openDecompressor(request.headers["content-encoding"] ?? "identity");
  await reserve(announced);
  let size = 0;
  for await (const piece of decompress(request, decompressor)) {
    size += piece.length;
    if (size > most) throw tooLarge();
    if (size > announced) await reserve(size);
    take(piece);
  }
}

// Many clients that are still sending would see a reset instead of the response. The server's request timeout bounds
// this. A client that waits for `100 Continue` sends nothing.
async function discardRest(request: IncomingMessage): Promise<void> {
  if (request.headers.expect !== undefined && !request.readableDidRead) return;
  request.resume();
  await finished(request).catch(() => undefined);
}

/** A body may decompress to this size at any ratio. */
const FREE_BYTES = 64 * 1024;

/** The maximum compression ratio. Ids in JSON reach 2 to 4, in forms 7, because of the parameter names. */
const MAX_RATIO = 8;

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
        "Send the body uncompressed, or compressed with gzip, deflate or br.",
      );
  }
}

async function* decompress(
  request: IncomingMessage,
  decompressor: Transform | undefined,
): AsyncGenerator<Buffer> {
  // The connection must stay open for the response.
  if (decompressor === undefined) return yield* request.iterator({ destroyOnReturn: false });
  let [arrived, unpacked] = [0, 0];
  request.on("data", (piece: Buffer) => {
    arrived += piece.length;
  });
  // `pipe` does not forward errors.
  request.once("error", (error) => decompressor.destroy(error));
  for await (const piece of request.pipe(decompressor)) {
    unpacked += piece.length;
    if (unpacked > FREE_BYTES + MAX_RATIO * arrived) throw tooCompressed();
    yield piece;
  }
}

function tooLarge(): RequestError {
  return new RequestError("too_large", "request.too_large", "The body is too large.");
}

function tooCompressed(): RequestError {
  const message = `The body decompresses to more than ${MAX_RATIO} times its size. Send it uncompressed.`;
  return new RequestError("too_large", "request.too_large", message);
}

function unreadable(): RequestError {
  return new RequestError("malformed", "request.malformed", "The body cannot be read.");
}
