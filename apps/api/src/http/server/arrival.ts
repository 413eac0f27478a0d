import type { IncomingMessage } from "node:http";

/** Time limits for the body of a request. */
export type ArrivalLimits = {
  /** For the body of a request. */
  readonly requestMs: number;
  /** For the body of a request that is read as a stream. */
  readonly uploadMs: number;
  /** In each step of this length, such a body brings at least `UPLOAD_STEP_BYTES`. */
  readonly uploadStepMs: number;
};

/** About 1,700 UUIDs a second with steps of ten seconds. */
export const UPLOAD_STEP_BYTES = 64 * 1024;

type Arrival = ArrivalLimits & { readonly cutOff: () => void; timer: NodeJS.Timeout };

const arrivals = new WeakMap<IncomingMessage, Arrival>();

/**
 * Limits how long the body of a request may take to arrive. Node's own `requestTimeout` is the same for all requests of a
 * server, and files of ids take longer than others.
 *
 * @param cutOff called if the body is late
 */
export function limitArrival(request: IncomingMessage, limits: ArrivalLimits, cutOff: () => void): void {
  const timer = setTimeout(() => request.complete || cutOff(), limits.requestMs);
  const arrival = { ...limits, cutOff, timer };
  arrivals.set(request, arrival);
  // Node tells a request that was answered early nothing of the end of its connection: who reads it would wait for ever.
  const { socket } = request;
  const abort = () =>
    void request.destroy(new Error("The connection was closed before the body was complete."));
  socket.once("close", abort);
  request.once("close", () => {
    clearTimeout(arrival.timer);
    socket.off("close", abort);
  });
}

/** Gives the body of this request the time of a stream from now on, as long as it keeps coming. */
export function allowUpload(request: IncomingMessage): void {
  const arrival = arrivals.get(request);
  if (arrival === undefined) return;
  const { uploadMs, uploadStepMs, cutOff } = arrival;
  const endsAt = performance.now() + uploadMs;
  let arrived = request.socket.bytesRead;
  function check(): void {
    if (request.complete) return;
    const brought = request.socket.bytesRead - arrived;
    arrived += brought;
    // What is buffered has not been read: then it is not the caller who is slow.
    const isSlow = brought < UPLOAD_STEP_BYTES && request.readableLength === 0;
    if (isSlow || performance.now() > endsAt) cutOff();
    else arrange();
  }
  function arrange(): void {
    if (arrival !== undefined) arrival.timer = setTimeout(check, uploadStepMs);
  }
  clearTimeout(arrival.timer);
  arrange();
}
