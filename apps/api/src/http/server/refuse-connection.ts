import { randomUUID } from "node:crypto";
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "@bulk/service/process/logger";
import { protocolErrorResponse } from "../error-body.ts";

/** How long a refused connection stays open. Closed at once, the sender would often not see the response. */
const LINGER_MS = 1_000;

/** Responds to bytes that are not a valid request with the error schema, and closes the connection in bounded time. */
export function refuseConnection(socket: Duplex, errorCode: string | undefined, logger: Logger): void {
  if (!socket.writable) return;
  const requestId = randomUUID();
  const { status, headers, text } = render(errorCode, requestId);
  const head = Object.entries({ ...headers, "Request-Id": requestId }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head, "", text].join("\r\n"));
  const lingering = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(lingering));
  logger.info({ requestId, res: { statusCode: status }, errorCode }, "malformed request refused");
}

/** Responds to a request whose body breaks off or is too slow. The request log writes its line as usual. */
export function refuseRequest(response: ServerResponse, errorCode: string | undefined): void {
  const { status, headers, text } = render(errorCode, String(response.getHeader("Request-Id")));
  // An earlier error may have set this header.
  response.removeHeader("WWW-Authenticate");
  response.writeHead(status, headers).end(text);
}

function render(errorCode: string | undefined, requestId: string) {
  const { status, body } = protocolErrorResponse(errorCode);
  const text = JSON.stringify({ ...body, request_id: requestId });
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    Connection: "close",
  };
  return { status, headers, text };
}
