import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";

/**
 * Discards the unread rest of a body before its request is refused: many clients that are still sending would see a reset
 * instead of the response. The limits on the arrival of a body bound this, and `until`. A client that waits for `100 Continue`
 * sends nothing.
 */
export async function discardRest(request: IncomingMessage, until?: AbortSignal): Promise<void> {
  if (request.headers.expect !== undefined && !request.readableDidRead) return;
  // Nothing comes any more, and its end has been told before.
  if (request.destroyed) return;
  request.resume();
  await finished(request, until && { signal: until }).catch(() => undefined);
}
