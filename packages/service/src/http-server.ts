import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";

/**
 * An HTTP server whose sockets cannot end the process. Node takes its own `error` listener off a socket that it hands
 * over (`connect`, `upgrade`, `clientError`), and a reset without a listener is an uncaught exception. So every socket
 * has a listener of ours from the moment it is accepted.
 */
export function createHttpServer(options: ServerOptions, listener: RequestListener): Server {
  const server = createServer(options, listener);
  server.on("connection", (socket: Socket) => {
    // The `close` event, which follows, tells everybody who has to know.
    socket.on("error", () => undefined);
  });
  return server;
}
