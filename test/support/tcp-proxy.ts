import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

/** A stretch of network in front of a server, for a test to break. */
export type TcpProxy = AsyncDisposable & {
  /** The server's URL, leading through here. */
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Lets new connections through again. */
  mend(): Promise<void>;
  /** From now on every piece, either way, arrives this much later; 0: at once. */
  delay(byMs: number): void;
};

/** @param onSent hears every piece that goes towards the server, and on which connection of the server's */
export async function openTcpProxy(
  target: string,
  onSent: (piece: Buffer, connection: Socket) => void = () => undefined,
): Promise<TcpProxy> {
  const url = new URL(target);
  const { hostname, port } = url;
  const sockets = new Set<Socket>();
  let delayMs = 0;
  function openLag(): Transform {
    return new Transform({
      async transform(piece, _encoding, pass) {
        if (delayMs > 0) await wait(delayMs);
        pass(null, piece);
      },
    });
  }
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    near.on("data", (piece) => onSent(piece, far));
    near.pipe(openLag()).pipe(far);
    far.pipe(openLag()).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  async function cut(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  url.port = String(await listen(server, 0));
  return {
    url: url.href,
    cut,
    async mend() {
      await listen(server, Number(url.port));
    },
    delay(byMs) {
      delayMs = byMs;
    },
    [Symbol.asyncDispose]: cut,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The proxy has no port.");
  return address.port;
}
