import { randomUUID } from "node:crypto";
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "@bulk/service/logger";
import { protocolAnswer } from "./error-body.ts";

/** How long a refused sender may go on: cut under its hands at once, it would often miss the answer. */
const LINGER_MS = 1_000;

/** Answers bytes that never became a request, in the error shape, and ends the connection in bounded time. */
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
  logger.info({ requestId, res: { statusCode: status }, errorCode }, "refused before it became a request");
}

/** Answers a request whose body breaks off or takes too long; its log line is written as ever. */
export function refuseRequest(response: ServerResponse, errorCode: string | undefined): void {
  const { status, headers, text } = render(errorCode, String(response.getHeader("Request-Id")));
  // Another refusal may have been on its way.
  response.removeHeader("WWW-Authenticate");
  response.writeHead(status, headers).end(text);
}

function render(errorCode: string | undefined, requestId: string) {
  const { status, body } = protocolAnswer(errorCode);
  const text = JSON.stringify({ ...body, request_id: requestId });
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    Connection: "close",
  };
  return { status, headers, text };
}
