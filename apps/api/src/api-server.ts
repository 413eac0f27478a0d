import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { createHttpServer } from "@bulk/service/http-server";
import type { Logger } from "@bulk/service/logger";
import { originForm } from "./origin-form.ts";
import { refuseConnection, refuseRequest } from "./refuse-connection.ts";

/** How long a caller may take. */
export type ApiTimeouts = {
  /** For the headers, from the opening of the connection or the end of the request before. */
  readonly headersMs: number;
  /** For a whole request, body included. */
  readonly requestMs: number;
  /** How often the two above are looked at, so a cut may come this much later. */
  readonly checkMs: number;
  /**
   * For a connection on which nothing moves, such as that of a reader who takes no more of an answer. Longer than
   * any wait for an answer, and than the pause between the heartbeats of a stream of events.
   */
  readonly silenceMs: number;
  /** For taking an answer, or each piece of one that comes in pieces: 4 MB at the most, unless there are longer ones. */
  readonly takeMs: number;
  /** How long a request waits for memory before it is refused. */
  readonly roomMs: number;
};

export const API_TIMEOUTS: ApiTimeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 1_000,
  silenceMs: 120_000,
  takeMs: 60_000,
  roomMs: 5_000,
};

/**
 * An HTTP server that slow or broken callers cannot hold, and that answers even them in the error shape, unless it
 * is in the middle of an answer.
 */
export function createApiServer(app: RequestListener, logger: Logger, timeouts = API_TIMEOUTS): Server {
  const latestResponse = new WeakMap<Duplex, ServerResponse>();
  function pass(request: IncomingMessage, response: ServerResponse): void {
    latestResponse.set(request.socket, response);
    request.url = originForm(request.url ?? "");
    app(request, response);
  }
  const server = createHttpServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkMs,
      // Longer than the idle time of common load balancers, so that they close first.
      keepAliveTimeout: 65_000,
      // Clients copy the URL of their page into a header, with an id for each record selected on it.
      maxHeaderSize: 64 * 1024,
      // Node refuses without a body; the app does it in the error shape.
      requireHostHeader: false,
    },
    pass,
  );
  server.timeout = timeouts.silenceMs;
  // Each may have 64 kB of headers in memory, whoever it is.
  server.maxConnections = 5_000;
  // An expectation we do not know is no reason to refuse (RFC 9110, 10.1.1 leaves it to the server).
  server.on("checkExpectation", pass);
  // Whoever waits to be told to go on is told so by whoever reads the body, if anybody does.
  server.on("checkContinue", pass);
  // Whoever sends something else behind a good request gets the answer to that first, and whole.
  function refuse(socket: Duplex, code: string | undefined): void {
    const response = latestResponse.get(socket);
    if (response === undefined || response.writableFinished) refuseConnection(socket, code, logger);
    else response.once("finish", () => refuseConnection(socket, code, logger));
  }
  // Node would hang up without a word.
  server.on("connect", (_request, socket) => refuse(socket, "CONNECT"));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = latestResponse.get(socket);
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else if (response !== undefined && isCutShort(response)) refuseRequest(response, error.code);
    else refuse(socket, error.code);
  });
  return server;
}

/** Whether it answers a request whose body never came to its end. */
function isCutShort(response: ServerResponse): boolean {
  return !response.writableFinished && !response.headersSent && !response.req.complete;
}
