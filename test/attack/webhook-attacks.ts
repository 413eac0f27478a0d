import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Attack, Target } from "./attack.ts";
import { type Clock, repeat } from "./weapons.ts";

/** What the worker meets at receivers of the attacker's, by the attack's name. */
export const WEBHOOK_ATTACKS: Readonly<Record<string, Attack>> = {
  "webhooks: answers of 101": receiving(
    says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
  ),
  "webhooks: endless 1xx": receiving(endless("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")),
  "webhooks: a 1xx now and then": receiving(dripping("", "HTTP/1.1 103 Early Hints\r\n\r\n")),
  "webhooks: endless status line": receiving(endless("HTTP/1.1 200 ", "x".repeat(1_000))),
  "webhooks: endless headers": receiving(endless("HTTP/1.1 200 OK\r\n", "a: b\r\n")),
  "webhooks: a header now and then": receiving(dripping("HTTP/1.1 200 OK\r\n", "a: b\r\n")),
  "webhooks: endless bodies": receiving(endless("HTTP/1.1 200 OK\r\n\r\n", "x".repeat(64_000))),
  "webhooks: endless chunks": receiving(
    endless("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1;a=b\r\nx\r\n"),
  ),
  "webhooks: a byte now and then": receiving(
    dripping("HTTP/1.1 500 Oh\r\ncontent-length: 99999\r\n\r\n", "x"),
  ),
  "webhooks: answers cut at every byte": receiving((socket, round) => {
    const answer = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nthanks!!";
    socket.write(answer.slice(0, round % answer.length));
    if (round % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  }),
  "webhooks: several answers at once": receiving(
    says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".repeat(1_000)),
  ),
  "webhooks: no HTTP": receiving(says("\0\x16\x03\x01 HTTP/9.9 -1 \r\n\r\n")),
  "webhooks: redirects to themselves": receiving(
    says("HTTP/1.1 307 Again\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
  ),
  "webhooks: silent receivers": receiving(() => undefined),
  "webhooks: slow successes": receiving(
    (socket) => void setTimeout(() => socket.end("HTTP/1.1 204 No Content\r\n\r\n"), 9_000),
  ),
  "webhooks: silent TLS": receiving(() => undefined, "https"),
  "webhooks: TLS that is none": receiving(says("HTTP/1.1 200 OK\r\n\r\n"), "https"),
  "webhooks: TLS that is reset": receiving((socket) => socket.resetAndDestroy(), "https"),
  "webhooks: names that nobody knows": (target, until, answered) =>
    press(target, (n) => `https://${n}-${Date.now()}.invalid`, until, answered),
};

/** What a receiver does once a request has begun to come in; `round` counts the requests. */
type Answer = (socket: Socket, round: number) => void;

function says(bytes: string): Answer {
  return (socket) => void socket.write(bytes, "latin1");
}

/** As fast as the other side takes it. */
function endless(start: string, piece: string): Answer {
  return (socket) => {
    function pump(): void {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on("drain", pump).write(start);
    pump();
  };
}

function dripping(start: string, piece: string): Answer {
  return (socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(piece), 100);
    socket.once("close", () => clearInterval(timer));
  };
}

function receiving(answer: Answer, scheme: "http" | "https" = "http"): Attack {
  return async (target, until, answered) => {
    const server = createServer();
    const hasCome = once(server, "connection");
    const port = await listen(server, answer);
    await press(target, (n) => `${scheme}://127.0.0.1:${port}/${n}`, until, answered, hasCome);
    server.close();
  };
}

async function listen(server: Server, answer: Answer): Promise<number> {
  let round = 0;
  server.on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      answer(socket, round);
      round += 1;
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** As many as an account may have. */
const ENDPOINTS = 10;

/** What a receiver gets in a second at most, so that the rate limit stays out of the way. */
const TEST_EVERY_MS = 1_000;

/** Registers endpoints and has a test event sent to each every second, from when the first one has been sent. */
async function press(
  target: Target,
  urlOf: (n: number) => string,
  until: Clock,
  answered: (status: number) => void,
  hasCome: Promise<unknown> = Promise.resolve(),
): Promise<void> {
  const numbers = Array.from({ length: ENDPOINTS }, (_, n) => n);
  const ids = await Promise.all(numbers.map((n) => register(target, urlOf(n))));
  const test = async (id = "") =>
    answered((await call(target, `POST /v1/webhook_endpoints/${id}/test`)).status);
  await Promise.all(ids.map(test));
  await Promise.race([hasCome, wait(COMES_WITHIN_MS).then(failToCome)]);
  const signal = until.start();
  await repeat(ENDPOINTS, { start: () => signal }, async (round) => {
    await test(ids[round % ENDPOINTS]);
    await wait(TEST_EVERY_MS, undefined, { signal }).catch(() => undefined);
  });
  await Promise.all(ids.map((id) => call(target, `DELETE /v1/webhook_endpoints/${id}`)));
}

/** An account that has attacked before may have to wait for its places. */
const COMES_WITHIN_MS = 60_000;

function failToCome(): never {
  throw new Error(`No webhook came within ${COMES_WITHIN_MS} ms.`);
}

async function register(target: Target, url: string): Promise<string> {
  const { status, body } = await call(target, "POST /v1/webhook_endpoints", { webhook_endpoint: { url } });
  if (status !== 200) throw new Error(`${url} was not registered: ${status} ${body}`);
  const { id } = JSON.parse(body) as { readonly id: string };
  return id;
}

async function call({ apiUrl, token }: Target, request: string, body?: unknown) {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.text() };
}
