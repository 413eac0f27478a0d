import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expectDocumented } from "./documented.ts";

/** An answer as it was on the wire, taken apart. */
export type RawAnswer = {
  readonly status: number;
  /** By lower-case name; of a header that came twice, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Headers = Readonly<Record<string, string | number>>;

/** One TCP connection, on which a test decides every byte itself. */
export type RawConnection = AsyncDisposable & {
  /** Resolves when the operating system has taken the bytes, or the connection is gone. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** Waits until this text has arrived. Throws when the server ends the connection before. */
  receive(text: string): Promise<void>;
  /** Waits until the server has closed the connection; answers everything that arrived. */
  untilClosed(): Promise<string>;
  /** Whether the server takes no more bytes either. */
  isCut(): boolean;
  /** Ends the connection with a reset (RST). */
  reset(): void;
};

/**
 * Sends a whole request on a connection of its own and reads until the server closes it. Throws when the API's
 * own document does not allow the answer.
 */
export async function sendRaw(url: string, ...pieces: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  await using connection = await openRaw(url);
  for (const piece of pieces) await connection.write(piece);
  const answer = parseAnswer(await connection.untilClosed());
  const [line = ""] = Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
    .toString()
    .split("\r\n", 1);
  await expectDocumentedRaw(url, line, answer);
  return answer;
}

/** Throws when the API's own document does not allow the answer to this request line. */
export async function expectDocumentedRaw(
  url: string,
  requestLine: string,
  answer: RawAnswer,
): Promise<void> {
  const [method = "", target = ""] = requestLine.split(" ");
  await expectDocumented(url, { method, target, ...answer });
}

/** The head of an HTTP/1.1 request, which the server is asked to close the connection after. */
export function requestHead(requestLine: string, headers: Headers = {}): string {
  const lines = Object.entries({ host: "shop.test", connection: "close", ...headers });
  return `${requestLine} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, "connect");
  const pieces: Buffer[] = [];
  socket.on("data", (piece) => pieces.push(piece));
  // A server may cut off a sender; that is then seen in what has arrived.
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const ended = new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  const received = () => Buffer.concat(pieces).toString();
  return {
    write: (bytes) => write(socket, bytes),
    async receive(text) {
      while (!received().includes(text)) {
        if (socket.readableEnded || socket.destroyed) throw new Error(`Closed after: ${received()}`);
        await Promise.race([new Promise((resolve) => socket.once("data", resolve)), ended]);
      }
    },
    async untilClosed() {
      await ended;
      return received();
    },
    isCut: () => socket.destroyed,
    reset: () => void socket.resetAndDestroy(),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

function write(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

/** Takes an answer apart; `100 Continue` before it is passed over. */
export function parseAnswer(text: string): RawAnswer {
  const start = text.startsWith("HTTP/1.1 100") ? text.indexOf("\r\n\r\n") + 4 : 0;
  const end = text.indexOf("\r\n\r\n", start);
  if (end < 0) throw new Error(`Not an HTTP answer: ${JSON.stringify(text)}`);
  const [statusLine = "", ...lines] = text.slice(start, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = text.slice(end + 4);
  const isChunked = headers["transfer-encoding"] === "chunked";
  return { status: Number(statusLine.split(" ")[1]), headers, body: isChunked ? joinChunks(rest) : rest };
}

function joinChunks(text: string): string {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) break;
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(pieces).toString();
}
