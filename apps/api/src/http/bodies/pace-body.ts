import { IncomingMessage } from "node:http";
import type { Pace } from "./pace.ts";

/** The event loop's time per piece of a body and per byte, measured on two cores. */
const [PIECE_MS, BYTE_MS] = [0.004, 0.4e-6];

/** A body of 100,000 ids arrives in about sixty pieces of 64 kB. */
const PIECES_AT_ONCE = 128;

/**
 * Limits the speed at which the body of this request arrives, whether it is read or discarded.
 *
 * Node stops reading from a socket when 64 kB are buffered. In chunks of one byte these are 65,536 callbacks, each as
 * expensive as one for 64 kB, and Node reads up to 2 MB from one socket before it serves the next.
 */
export function paceBody(request: IncomingMessage, pace: Pace): void {
  let [pieces, latelyMs, takenMs] = [0, 0, 0];
  let [isResting, isOver] = [false, false];
  let giveUp: () => unknown = () => undefined;
  function rest(): void {
    isResting = true;
    // The other pieces of the same socket read still arrive before this runs, and are counted.
    setImmediate(() => {
      pace.book(latelyMs);
      takenMs += latelyMs;
      [pieces, latelyMs] = [0, 0];
      if (!isOver && !request.complete) giveUp = pace.rest(takenMs, goOn);
    });
  }
  function goOn(): void {
    isResting = false;
    // The socket may already belong to the next request.
    if (!request.complete) request._read(0);
  }
  // Assigned to the object because Express replaces the request's prototype.
  const { push, _read } = IncomingMessage.prototype;
  request.push = (piece: Buffer | null, encoding) => {
    const isWanted = push.call(request, piece, encoding);
    if (piece === null) return isWanted;
    pieces += 1;
    latelyMs += PIECE_MS + piece.length * BYTE_MS;
    if (pieces >= PIECES_AT_ONCE && !isResting) rest();
    // After `false` Node stops reading from the socket until `_read` is called.
    return isWanted && !isResting;
  };
  request._read = (size) => {
    if (!isResting) _read.call(request, size);
  };
  request.once("close", () => {
    isOver = true;
    giveUp();
  });
}
