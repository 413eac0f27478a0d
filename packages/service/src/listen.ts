import type { Server } from "node:http";

/** A port that somebody else has; the message names the variable that chooses another. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

export type ListenOptions = {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The variable the port came from, for the error message. */
  readonly variable: string;
};

/** Listens; answers the port in use. Throws `PortTakenError`. */
export async function listen(server: Server, { host, port, variable }: ListenOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    const isTaken = error.code === "EADDRINUSE";
    reject(
      isTaken
        ? new PortTakenError(
            `Port ${port} on ${host} is taken by another process. Stop that one, or set ${variable} to a free port.`,
          )
        : error,
    );
  });
  server.listen(port, host, resolve);
  await promise;
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Stops accepting, lets running requests end, and cuts those that outlast the deadline. */
export async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // A connection that was busy just now is kept alive after its answer, so idle ones are looked for again.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await promise;
  clearInterval(idle);
  clearTimeout(timer);
}
