import type { IncomingMessage, ServerResponse } from "node:http";
import { RequestError } from "@bulk/domain/errors/request-error";
import { allowUpload } from "../server/arrival.ts";
import type { StreamFormat } from "./body-type.ts";
import { discardRest } from "./discard-rest.ts";
import { tooLarge, unreadable } from "./read-bytes.ts";
import { openUnpacking } from "./unpack.ts";

/** The body of a request that an endpoint reads as a stream. */
export type Upload = {
  readonly format: StreamFormat;
  /**
   * Reads and decompresses the body piece by piece, after telling a caller that waits for it to continue. Throws `too_large`
   * for more than `most` bytes or a compression ratio that files of ids never reach, `unsupported` for an unknown compression,
   * and `malformed` for a body that breaks off or is not compressed as declared. A body that comes too slowly is cut off.
   */
  readonly read: (most: number) => AsyncGenerator<Buffer>;
  /** Discards the unread rest, for a limited time, so that the caller sees a refusal. */
  readonly discard: () => Promise<void>;
};

/** Sorted whole numbers of one length reach 4. Each piece is gone before the next is read, so this only bounds the work. */
const MAX_RATIO = 32;

/** A caller who sends on for longer may not see the response. */
const DISCARD_MS = 10_000;

/** Opens the body of a request. Reads nothing yet. */
export function openUpload(format: StreamFormat, request: IncomingMessage, response: ServerResponse): Upload {
  return {
    format,
    async *read(most) {
      const unpack = openUnpacking(request, MAX_RATIO);
      allowUpload(request);
      if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
      let size = 0;
      try {
        for await (const piece of unpack()) {
          size += piece.length;
          if (size > most) throw tooLarge();
          yield piece;
        }
      } catch (error) {
        throw error instanceof RequestError ? error : unreadable();
      }
    },
    async discard() {
      await discardRest(request, AbortSignal.timeout(DISCARD_MS));
      if (!request.complete) response.shouldKeepAlive = false;
    },
  };
}
