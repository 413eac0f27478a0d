import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { closeServer, listen } from "@bulk/service/listen";
import { createLogger } from "@bulk/service/logger";
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

function* piecesWithoutEnd(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
}

/** Nothing of the answer is read before somebody asks for it. */
async function open(port: number, path: string): Promise<IncomingMessage> {
  const [answer] = (await once(get({ host: "127.0.0.1", port, path }), "response")) as [IncomingMessage];
  return answer.on("error", () => undefined);
}
