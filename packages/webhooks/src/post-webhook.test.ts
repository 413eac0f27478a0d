import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { openConnections, type PostResult, postWebhook, type WebhookConnections } from "./post-webhook.ts";
import { createNameResolver } from "./resolve-name.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";
const OK = `${HEAD}content-length: 2\r\n\r\nOK`;

/** What a receiver may do, and what the request must end as. */
const RECEIVERS: Readonly<Record<string, readonly [PostResult, (socket: Socket) => void]>> = {
  "switches protocols": [
    answered(101),
    says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
  ],
  "switches protocols and talks on": [
    answered(101),
    (socket) => floods(socket, "HTTP/1.1 101 A\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", "a"),
  ],
  "switches protocols without a word of which": [answered(101), says("HTTP/1.1 101 A\r\n\r\n")],
  "announces an answer without end": [
    unanswered("invalid_answer"),
    (socket) => floods(socket, "", "HTTP/1.1 100 Continue\r\n\r\n"),
  ],
  "hints without end": [
    unanswered("invalid_answer"),
    (socket) => floods(socket, "", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
  ],
  "says nothing": [unanswered("timeout"), (socket) => void socket.resume()],
  "reads nothing": [unanswered("timeout"), (socket) => void socket.pause()],
  "says half a status": [unanswered("timeout"), says("HTTP/1.1 2")],
  "says half a head": [unanswered("timeout"), says(`${HEAD}content-le`)],
  "ends at once": [unanswered("connection_failed"), (socket) => void socket.end()],
  "resets at once": [unanswered("connection_failed"), (socket) => void socket.resetAndDestroy()],
  "sends headers without end": [
    unanswered("invalid_answer"),
    (socket) => floods(socket, HEAD, `a: ${"b".repeat(100)}\r\n`),
  ],
  "sends a header without end": [
    unanswered("invalid_answer"),
    (socket) => floods(socket, `${HEAD}a: `, "b".repeat(1_000)),
  ],
  "sends a body without end": [answered(200), (socket) => floods(socket, `${HEAD}\r\n`, "a".repeat(1_000))],
  "sends chunks without end": [
    answered(200),
    (socket) => floods(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n`, "1\r\na\r\n"),
  ],
  "extends a chunk without end": [
    answered(200),
    (socket) => floods(socket, `${HEAD}transfer-encoding: chunked\r\n\r\n1`, ";a=b"),
  ],
  "sends half a body": [answered(500), says("HTTP/1.1 500 A\r\ncontent-length: 9\r\n\r\nhalf")],
  "sends no HTTP": [unanswered("invalid_answer"), says("SSH-2.0-OpenSSH_9.2\r\n")],
  "speaks HTTP/0.9": [unanswered("invalid_answer"), says("<html>Hello</html>")],
  "sends zeros": [unanswered("invalid_answer"), says("\0".repeat(100))],
  "says more than it announced": [answered(200), says(`${OK}and more`)],
  "answers and reads on": [answered(200), says(OK)],
};

test.concurrent.each(Object.entries(RECEIVERS))(
  "a request to a receiver that %s ends",
  async (_what, [end, receive]) => {
    await using receiver = await openReceiver(receive);
    expect(await post(receiver.url)).toEqual(end);
    await receiver.isLeftAlone();
  },
);

test.concurrent.each(Object.entries(RECEIVERS))(
  "so does a TLS handshake with one that %s",
  async (_what, [, receive]) => {
    await using receiver = await openReceiver(receive);
    expect(await post(receiver.url.replace("http:", "https:"))).toMatchObject({ kind: "unanswered" });
    await receiver.isLeftAlone();
  },
);

test("an answer that is cut off anywhere ends the request, and counts once its head is whole", async () => {
  const head = OK.length - 2;
  for (let length = 0; length <= OK.length; length += 1) {
    await using receiver = await openReceiver((socket) => {
      socket.once("data", () => socket.write(OK.slice(0, length), () => socket.resetAndDestroy()));
    });
    const { kind } = await post(receiver.url);
    // A reset may overtake what was sent before it.
    if (length < head) expect({ length, kind }).toEqual({ length, kind: "unanswered" });
    await receiver.isLeftAlone();
  }
});

test("a connection that the receiver closed between two requests is opened again", async () => {
  let connections = 0;
  await using receiver = await openReceiver((socket) => {
    connections += 1;
    socket.once("data", () => {
      socket.write(OK);
      socket.once("data", () => socket.resetAndDestroy());
    });
  });
  const kept = openConnections(1);
  expect(await post(receiver.url, kept)).toEqual(answered(200));
  expect(await post(receiver.url, kept)).toEqual(answered(200));
  expect(connections).toBe(2);
  kept.close();
});

test("requests one after the other share a connection", async () => {
  let connections = 0;
  await using receiver = await openReceiver((socket) => {
    connections += 1;
    socket.on("data", () => socket.write(OK));
  });
  const kept = openConnections(1);
  for (const _ of "1234") expect(await post(receiver.url, kept)).toEqual(answered(200));
  expect(connections).toBe(1);
  kept.close();
});

async function post(url: string, kept?: WebhookConnections): Promise<PostResult> {
  const policy = { allowsLoopback: true };
  const connections = kept ?? openConnections(1);
  const options = { policy, timeoutMs: 5_000, resolve: createNameResolver(), connections };
  const result = await postWebhook({ url, headers: {}, body: "{}" }, options);
  if (kept === undefined) connections.close();
  return result;
}

function answered(status: number): PostResult {
  return { kind: "answered", status };
}

function unanswered(fault: Extract<PostResult, { kind: "unanswered" }>["fault"]): PostResult {
  return { kind: "unanswered", fault };
}

/** Reads on, and says this once it was asked. */
function says(text: string): (socket: Socket) => void {
  return (socket) => void socket.resume().once("data", () => socket.write(text));
}

/** Says something again and again, as fast as it is taken. */
function floods(socket: Socket, first: string, again: string): void {
  const piece = again.repeat(Math.ceil(10_000 / again.length));
  const write = () => {
    while (socket.writable && socket.write(piece));
  };
  socket.resume().once("data", () => {
    socket.write(first);
    socket.on("drain", write);
    write();
  });
}

async function openReceiver(receive: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const closing: Promise<void>[] = [];
  const server = createServer((socket) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on("error", () => undefined).once("close", resolve);
    sockets.push(socket);
    closing.push(promise);
    receive(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/`,
    /** No connection is left open. */
    async isLeftAlone() {
      // Who reads nothing notices nothing.
      for (const socket of sockets) socket.resume();
      await Promise.all(closing);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
