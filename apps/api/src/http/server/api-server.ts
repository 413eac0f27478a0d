import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { createHttpServer } from "@bulk/service/process/http-server";
import type { Logger } from "@bulk/service/process/logger";
import { createPace } from "../bodies/pace.ts";
import { paceBody } from "../bodies/pace-body.ts";
import { type ArrivalLimits, limitArrival } from "./arrival.ts";
import { originForm } from "./origin-form.ts";
import { refuseConnection, refuseRequest } from "./refuse-connection.ts";

/** Time limits for callers. */
export type ApiTimeouts = ArrivalLimits & {
  /** For the headers, from the start of the connection or the end of the previous request. */
  readonly headersMs: number;
  /** How often the limit above is checked. A connection may be closed this much later. */
  readonly checkMs: number;
  /**
   * For an idle connection, such as that of a caller who has stopped reading. Longer than any `Prefer: wait` and than
   * the interval between the heartbeats of an event stream.
   */
  readonly silenceMs: number;
  /** For reading a response or one piece of a stream. A response with 100,000 ids has about 4 MB. */
  readonly takeMs: number;
  /** How long a request waits for memory before it is refused. */
  readonly roomMs: number;
};

export const API_TIMEOUTS: ApiTimeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  uploadMs: 600_000,
  uploadStepMs: 10_000,
  checkMs: 1_000,
  silenceMs: 120_000,
  takeMs: 60_000,
  roomMs: 5_000,
};

/**
 * Creates an HTTP server that limits slow callers and responds to malformed requests with the API's error schema,
 * unless a response has already begun.
 */
export function createApiServer(app: RequestListener, logger: Logger, timeouts = API_TIMEOUTS): Server {
  const pace = createPace();
  const latestResponse = new WeakMap<Duplex, ServerResponse>();
  function pass(request: IncomingMessage, response: ServerResponse): void {
    const previous = latestResponse.get(request.socket);
    latestResponse.set(request.socket, response);
    request.url = originForm(request.url ?? "");
    if (announcesBody(request)) {
      limitArrival(request, timeouts, () => server.emit("clientError", late(), request.socket));
      paceBody(request, pace);
      // Otherwise Node would discard the rest of an unread body at full speed, without `paceBody`.
      response.prependOnceListener("finish", () => discardPaced(request));
    }
    // Node hands over all requests that were pipelined in one read. One connection must not occupy the event loop with
    // hundreds of them, so each waits for the response before it.
    if (previous === undefined || previous.closed) app(request, response);
    else previous.once("close", () => request.destroyed || app(request, response));
  }
  const server = createHttpServer(serverOptions(timeouts), pass);
  server.timeout = timeouts.silenceMs;
  // Each connection may hold 64 kB of headers, even without a token.
  server.maxConnections = 5_000;
  // Unknown expectations are ignored; RFC 9110, 10.1.1 leaves this to the server.
  server.on("checkExpectation", pass);
  // `readBody` sends `100 Continue` when it reads the body.
  server.on("checkContinue", pass);
  refuseMalformed(server, (socket) => latestResponse.get(socket), logger);
  return server;
}

function serverOptions({ headersMs, checkMs }: ApiTimeouts): ServerOptions {
  return {
    headersTimeout: headersMs,
    // `limitArrival` limits the time of bodies.
    requestTimeout: 0,
    connectionsCheckingInterval: checkMs,
    // Longer than the idle time of common load balancers, so that they close first.
    keepAliveTimeout: 65_000,
    // Clients send the URL of their page in a header, with the id of each selected record.
    maxHeaderSize: 64 * 1024,
    // Node would refuse without a body; the app responds with the error schema.
    requireHostHeader: false,
  };
}

function refuseMalformed(
  server: Server,
  findResponse: (socket: Duplex) => ServerResponse | undefined,
  logger: Logger,
): void {
  // After a valid request, the caller first gets the whole response to it.
  function refuse(socket: Duplex, code: string | undefined): void {
    const response = findResponse(socket);
    if (response === undefined || response.writableFinished) refuseConnection(socket, code, logger);
    else response.once("finish", () => refuseConnection(socket, code, logger));
  }
  // Otherwise Node would close the connection without a response.
  server.on("connect", (_request, socket) => refuse(socket, "CONNECT"));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = findResponse(socket);
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else if (response !== undefined && isCutShort(response)) refuseRequest(response, error.code);
    else refuse(socket, error.code);
  });
}

/** What Node reports when its own `requestTimeout` is over. */
function late(): NodeJS.ErrnoException {
  return Object.assign(new Error("The body did not arrive in time."), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function discardPaced(request: IncomingMessage): void {
  if (request.complete) return;
  // Marks the request as consumed at once; `resume` alone does so in the next tick.
  request.read(0);
  request.resume();
}

/** Returns whether the request of this response broke off before the end of its body. */
function isCutShort(response: ServerResponse): boolean {
  return !response.writableFinished && !response.headersSent && !response.req.complete;
}
