import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** How long an attack goes on, from when it has everything ready. */
export type Clock = { readonly start: () => AbortSignal };

/** A connection that never fails aloud; what becomes of it is no matter. */
export async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on("error", () => undefined);
  await Promise.race([once(socket, "connect"), once(socket, "close")]).catch(() => undefined);
  return socket;
}

/** The head of a request, from `POST /path` on. */
export function head(requestLine: string, headers: Readonly<Record<string, string | number>> = {}): string {
  const lines = Object.entries({ host: "shop.test", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${requestLine} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Sends bytes and waits for the status of the answer, at most this long; 0: there was none. */
export async function send(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  patienceMs = 30_000,
): Promise<number> {
  const socket = await open(url);
  try {
    for (const piece of pieces) socket.write(piece);
    return await readStatus(socket, patienceMs);
  } finally {
    socket.destroy();
  }
}

async function readStatus(socket: Socket, patienceMs: number): Promise<number> {
  let text = "";
  const deadline = AbortSignal.timeout(patienceMs);
  while (!deadline.aborted && !socket.destroyed) {
    const status = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)]
      .map(([, code]) => Number(code))
      .find((code) => code >= 200);
    if (status !== undefined) return status;
    const [piece] = await Promise.race([
      once(socket, "data", { signal: deadline }),
      once(socket, "close", { signal: deadline }),
    ]).catch(() => [undefined]);
    if (Buffer.isBuffer(piece)) text = (text + piece.toString("latin1")).slice(-4_000);
  }
  return 0;
}

/** Sends bytes and resets the connection, at once or after the first byte of an answer. */
export async function sendAndReset(
  url: string,
  bytes: string | Uint8Array,
  isPatient: boolean,
): Promise<void> {
  const socket = await open(url);
  socket.write(bytes);
  if (isPatient)
    await Promise.race([once(socket, "data"), once(socket, "close"), wait(500)]).catch(() => undefined);
  socket.resetAndDestroy();
}

/** Connections that send this and then take nothing of what comes, until the time is over. */
export async function hold(
  url: string,
  bytes: string | Uint8Array,
  count: number,
  until: Clock,
): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(url)));
  for (const socket of sockets) socket.pause().write(bytes);
  await over(until.start());
  for (const socket of sockets) socket.destroy();
}

/** Connections that send this and then one more byte every 100 ms, or take one, until the time is over. */
export async function trickle(url: string, bytes: string, count: number, until: Clock): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(url)));
  for (const socket of sockets) socket.pause().write(bytes);
  const signal = until.start();
  while (!signal.aborted) {
    for (const socket of sockets) {
      socket.write("[");
      socket.read(1);
    }
    await wait(100);
  }
  for (const socket of sockets) socket.destroy();
}

/** How long an attacker rests between two strikes, so that what is measured is what one costs and not a mere flood. */
const REST_MS = 100;

/** Runs so many of these side by side, each again and again, until the time is over. */
export async function repeat(
  lanes: number,
  until: Clock,
  act: (round: number) => Promise<unknown>,
): Promise<void> {
  const signal = until.start();
  async function lane(first: number): Promise<void> {
    for (let round = first; !signal.aborted; round += lanes) {
      await act(round);
      await wait(REST_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
}

async function over(until: AbortSignal): Promise<void> {
  // Whatever the server does to the connections, the attack goes on.
  while (!until.aborted) await wait(100);
}
