import type { IncomingMessage } from "node:http";
import { finished, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { RequestError } from "@bulk/domain/errors/request-error";

/** A body may decompress to this size at any ratio. */
const FREE_BYTES = 64 * 1024;

/**
 * Returns a function that reads and decompresses the body of a request, piece by piece. Throws `unsupported` for an unknown
 * compression, before anything is read; the function throws `too_large` for a body that decompresses to more than `maxRatio`
 * times its size, and errors of the connection and of the decompression.
 */
export function openUnpacking(request: IncomingMessage, maxRatio: number): () => AsyncGenerator<Buffer> {
  const decompressor = openDecompressor(request.headers["content-encoding"] ?? "identity");
  return () => decompress(request, decompressor, maxRatio);
}

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
  maxRatio: number,
): AsyncGenerator<Buffer> {
  // The connection must stay open for the response.
  if (decompressor === undefined) return yield* request.iterator({ destroyOnReturn: false });
  let [arrived, unpacked] = [0, 0];
  request.on("data", (piece: Buffer) => {
    arrived += piece.length;
  });
  // `pipe` forwards no errors, and of a request whose connection has been closed before, nothing at all would come.
  finished(request, { writable: false }, (error) => {
    if (error) decompressor.destroy(error);
  });
  for await (const piece of request.pipe(decompressor)) {
    unpacked += piece.length;
    if (unpacked > FREE_BYTES + maxRatio * arrived) throw tooCompressed(maxRatio);
    yield piece;
  }
}

function tooCompressed(maxRatio: number): RequestError {
  const message = `The body decompresses to more than ${maxRatio} times its size. Send it uncompressed.`;
  return new RequestError("too_large", "request.too_large", message);
}
