import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";

/**
 * Creates an HTTP server whose sockets cannot crash the process. Node removes its own `error` listener from a socket
 * that it hands over (`connect`, `upgrade`, `clientError`); a reset without a listener is then an uncaught exception. So
 * every accepted socket gets a listener of ours.
 */
export function createHttpServer(options: ServerOptions, listener: RequestListener): Server {
  const server = createServer(options, listener);
  server.on("connection", (socket: Socket) => {
    // The `close` event that follows is what the code reacts to.
    socket.on("error", () => undefined);
  });
  return server;
}
