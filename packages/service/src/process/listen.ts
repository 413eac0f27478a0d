import type { Server } from "node:http";

/** The port is in use by another process. The message names the variable to change. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

export type ListenOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The variable that sets the port, for the error message. */
  readonly variable: string;
};

/** Starts listening and returns the port. Throws `PortTakenError`. */
export async function listen(server: Server, { host, port, variable }: ListenOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    const isTaken = error.code === "EADDRINUSE";
    reject(
      isTaken
        ? new PortTakenError(
            `Port ${port} on ${host} is in use by another process. Stop that process, or set ${variable} to a free port.`,
          )
        : error,
    );
  });
  server.listen(port, host, resolve);
  await promise;
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Stops accepting connections, waits for requests in flight, and closes all connections at the deadline. */
export async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // A connection becomes idle only after its response, so idle connections are closed repeatedly.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await promise;
  clearInterval(idle);
  clearTimeout(timer);
}
