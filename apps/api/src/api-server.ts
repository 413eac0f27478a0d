import { createServer, type RequestListener, type Server, STATUS_CODES } from "node:http";
import { protocolAnswer } from "./error-body.ts";

/** An HTTP server that slow or broken senders cannot hold, and that answers even them in the error shape. */
export function createApiServer(app: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      // Longer than the idle time of common load balancers, so that they close first.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
    },
    app,
  );
  // An expectation we do not know is no reason to refuse (RFC 9110, 10.1.1 leaves it to the server).
  server.on("checkExpectation", app);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return;
    const { status, body } = protocolAnswer(error.code);
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  });
  return server;
}
