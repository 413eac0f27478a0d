import type { IncomingMessage } from "node:http";
import { RequestError } from "@bulk/domain/errors/request-error";
import { discardRest } from "./discard-rest.ts";
import { openUnpacking } from "./unpack.ts";

/** The maximum compression ratio. Ids in JSON reach 2 to 4, in forms 7, because of the parameter names. */
const MAX_RATIO = 8;

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
  const unpack = openUnpacking(request, MAX_RATIO);
  await reserve(announced);
  let size = 0;
  for await (const piece of unpack()) {
    size += piece.length;
    if (size > most) throw tooLarge();
    if (size > announced) await reserve(size);
    take(piece);
  }
}

/** The error for a body over its limit. */
export function tooLarge(): RequestError {
  return new RequestError("too_large", "request.too_large", "The body is too large.");
}

/** The error for a body that breaks off, or is not compressed as declared. */
export function unreadable(): RequestError {
  return new RequestError("malformed", "request.malformed", "The body cannot be read.");
}
