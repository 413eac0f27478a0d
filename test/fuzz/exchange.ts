import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { parseAnswer, type RawAnswer } from "../support/raw-http.ts";

/** A caller that sends one request after the other over one connection, and a new one when it is closed. */
export type Exchanger = Disposable & {
  /**
   * The first answer to these bytes, or nothing when the connection is closed without one.
   *
   * @param ending `half-close` tells the server that no more will come; `leave` forgets the connection after
   */
  exchange(pieces: readonly Uint8Array[], method: string, ending: Ending): Promise<RawAnswer | undefined>;
};

export type Ending = "keep" | "leave" | "half-close";

export function openExchanger(url: string): Exchanger {
  const { hostname, port } = new URL(url);
  let socket: Socket | undefined;
  async function open(): Promise<Socket> {
    const opened = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    // The server may cut the connection under our hands; that is then seen in what has arrived.
    opened.on("error", () => undefined);
    await once(opened, "connect");
    return opened;
  }
  return {
    async exchange(pieces, method, ending) {
      const current = socket?.writable && !socket.readableEnded ? socket : await open();
      socket = current;
      const answer = receive(current, method);
      for (const piece of pieces) {
        current.write(piece);
        if (pieces.length > 1) await new Promise(setImmediate);
      }
      if (ending === "half-close") current.end();
      const received = await answer;
      if (ending !== "keep" || received?.headers["connection"] === "close" || isEndless(received)) {
        current.destroy();
        socket = undefined;
      }
      return received;
    },
    [Symbol.dispose]: () => socket?.destroy(),
  };
}

/** Longer than the 30 s after which a request that never ends is answered with 408. */
const PATIENCE_MS = 45_000;

function receive(socket: Socket, method: string): Promise<RawAnswer | undefined> {
  const pieces: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => finish(() => reject(new Error("There was no answer in time."))),
      PATIENCE_MS,
    );
    function finish(settle: () => void): void {
      clearTimeout(timer);
      socket.off("data", read).off("close", close).off("end", close);
      settle();
    }
    function read(piece: Buffer): void {
      pieces.push(piece);
      const text = findWholeAnswer(Buffer.concat(pieces), method);
      if (text !== undefined) finish(() => resolve(parseAnswer(text)));
    }
    function close(): void {
      finish(() => resolve(undefined));
    }
    socket.on("data", read).once("close", close).once("end", close);
  });
}

/** Of a stream of events the head is enough. */
function isEndless(answer: RawAnswer | undefined): boolean {
  return answer?.headers["content-type"]?.startsWith("text/event-stream") ?? false;
}

/** What has arrived, if it is an answer to the end; RFC 9112, 6.3. */
function findWholeAnswer(bytes: Buffer, method: string): string | undefined {
  const start = bytes.indexOf("HTTP/1.1 100") === 0 ? bytes.indexOf("\r\n\r\n") + 4 : 0;
  const headEnd = bytes.indexOf("\r\n\r\n", start);
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", start, headEnd);
  const bodyStart = headEnd + 4;
  const isBodiless = /^HTTP\/1.1 (204|304)|\r\ncontent-type: text\/event-stream/i.test(head);
  if (method === "HEAD" || isBodiless) return bytes.toString("utf8", start, bodyStart);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  const end = length === undefined ? bytes.indexOf("0\r\n\r\n", bodyStart) + 5 : bodyStart + Number(length);
  const isWhole = end >= bodyStart + (length === undefined ? 5 : 0) && bytes.length >= end;
  return isWhole ? bytes.toString("utf8", start, end) : undefined;
}
