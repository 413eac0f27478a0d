import { once } from "node:events";
import { get, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { closeServer, listen } from "@bulk/service/process/listen";
import { createLogger } from "@bulk/service/process/logger";
import { expect, test } from "vitest";
import { API_TIMEOUTS, createApiServer } from "./api-server.ts";

test("a reader who takes no more of an answer is cut off after a while, and one who is only slow is not", async () => {
  const cutOff: unknown[] = [];
  const server = createApiServer(
    (request, response) => {
      response.once("close", () => cutOff.push(request.url));
      pipeline(Readable.from(piecesWithoutEnd()), response).catch(() => undefined);
    },
    createLogger({ name: "test", level: "fatal" }),
    { ...API_TIMEOUTS, silenceMs: 500 },
  );
  const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  const [slow, stalled] = [await open(port, "/slow"), await open(port, "/stalled")];
  function readOn() {
    slow.read();
    return cutOff;
  }
  try {
    await expect.poll(readOn, { timeout: 10_000 }).toEqual(["/stalled"]);
  } finally {
    slow.destroy();
    stalled.destroy();
    await closeServer(server, 0);
  }
});

test("nobody is cut off who waits as long as an API lets callers wait, or between two heartbeats", () => {
  expect(API_TIMEOUTS.silenceMs).toBeGreaterThan(65_000);
});

/** As many chunks of one byte as 64 kB, which Node reads from a socket at once, can hold. */
const MOST_PIECES_OF_ONE_READ = Math.floor((64 * 1024) / "1\r\n[\r\n".length) + 1;

test.each<[string, RequestListener]>([
  [
    "is read",
    async (request, response) => {
      for await (const _piece of request.iterator({ destroyOnReturn: false }));
      response.end();
    },
  ],
  ["is not wanted", (_request, response) => void response.end()],
])(
  "a body in chunks of one byte that %s lets others have their turn after each read",
  async (_name, answer) => {
    const counter = countPiecesOfTurns();
    const server = createApiServer(
      (request, response) => {
        counter.count(request);
        answer(request, response);
      },
      createLogger({ name: "test", level: "fatal" }),
    );
    const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
    const socket = connect({ host: "127.0.0.1", port });
    try {
      const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
      socket.write(head + "1\r\n[\r\n".repeat(BYTES));
      socket.write("0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      let text = "";
      for await (const piece of socket) text += piece;
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      expect(counter.all()).toBe(BYTES);
      expect(counter.most()).toBeLessThanOrEqual(MOST_PIECES_OF_ONE_READ);
    } finally {
      socket.destroy();
      await closeServer(server, 0);
    }
  },
);

test("pipelined requests of one connection are handled one at a time, and those of a closed connection not at all", async () => {
  const handled: { readonly url: string | undefined; readonly response: ServerResponse }[] = [];
  const server = createApiServer(
    ({ url }, response) => {
      handled.push({ url, response });
      if (url === "/other") response.end();
    },
    createLogger({ name: "test", level: "fatal" }),
  );
  const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  const socket = connect({ host: "127.0.0.1", port });
  const urls = () => handled.map(({ url }) => url);
  try {
    socket.write(["/1", "/2", "/3"].map((url) => `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""));
    await expect.poll(urls).toEqual(["/1"]);
    // A request on another connection is handled later than all that one read of this connection brought.
    const other = await open(port, "/other");
    expect(other.statusCode).toBe(200);
    expect(urls()).toEqual(["/1", "/other"]);
    handled[0]?.response.end("first");
    await expect.poll(urls).toEqual(["/1", "/other", "/2"]);
    const [closed] = [once(handled[2]?.response ?? socket, "close"), socket.destroy()];
    await closed;
    expect(urls()).toEqual(["/1", "/other", "/2"]);
  } finally {
    socket.destroy();
    await closeServer(server, 0);
  }
});

const BYTES = 100_000;

/** Counts how many pieces of a body arrive before anybody else on the event loop has a turn. */
function countPiecesOfTurns() {
  let [all, ofTurn, most] = [0, 0, 0];
  return {
    all: () => all,
    most: () => most,
    count(request: IncomingMessage): void {
      const { push } = request;
      request.push = (piece, encoding) => {
        if (piece !== null) {
          if (ofTurn === 0)
            setImmediate(() => {
              ofTurn = 0;
            });
          all += 1;
          ofTurn += 1;
          most = Math.max(most, ofTurn);
        }
        return push.call(request, piece, encoding);
      };
    },
  };
}

function* piecesWithoutEnd(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
}

/** Nothing of the answer is read before somebody asks for it. */
async function open(port: number, path: string): Promise<IncomingMessage> {
  const [answer] = (await once(get({ host: "127.0.0.1", port, path }), "response")) as [IncomingMessage];
  return answer.on("error", () => undefined);
}
