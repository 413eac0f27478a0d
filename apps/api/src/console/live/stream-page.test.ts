import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { closeServer, listen } from "@bulk/service/process/listen";
import express, { type Response } from "express";
import { expect, test } from "vitest";
import { type LiveSource, openLiveViews, type Viewer } from "./live-views.ts";
import { streamPage } from "./stream-page.ts";

const ANNA = { name: "anna", role: "operator" } as const;

const PART_BYTES = 4_000_000;

const PATIENCE = { timeout: 60_000, interval: 50 };

test("what waits for a browser that does not read is bounded, and it gets the latest when it reads again", async () => {
  const live = openLiveViews(fail);
  let reading = 0;
  const source: LiveSource<number> = {
    key: "large",
    load: async () => ++reading,
    render: async (number) => ({ part: `${"x".repeat(PART_BYTES)} reading ${number}.` }),
  };
  let held: Response | undefined;
  const app = express().get("/", (request, response) => {
    response.locals["user"] = ANNA;
    held = response;
    streamPage(source, request, response, { live, findUser: async () => ANNA });
  });
  const server = createServer(app);
  const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  const socket = connect({ host: "127.0.0.1", port });
  socket.pause().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await expect.poll(() => held?.writableLength ?? 0, PATIENCE).toBeGreaterThan(PART_BYTES / 2);
  const full = reading;
  await expect.poll(() => reading, PATIENCE).toBeGreaterThan(full + 3);
  expect(held?.writableLength).toBeLessThan(2 * PART_BYTES);

  let end = "";
  const before = reading;
  socket.on("data", (piece) => {
    end = (end + piece.toString("latin1")).slice(-200);
  });
  socket.resume();
  await expect.poll(() => Number(/reading (\d+)\./.exec(end)?.[1] ?? 0), PATIENCE).toBeGreaterThan(before);
  socket.destroy();
  await live.stop();
  await closeServer(server, 0);
});

test("of more than two thousand open pages further ones are refused, until one is closed", async () => {
  const live = openLiveViews(fail);
  const source: LiveSource<string> = { key: "now", load: async () => "now", render: async () => ({}) };
  const viewer = (): Viewer => ({ role: "viewer", send: () => true, stale: fail, gone: fail });
  const closing = Array.from({ length: 2_000 }, () => new AbortController());
  expect(closing.filter(({ signal }) => !live.join(source, viewer(), signal))).toEqual([]);
  const late = new AbortController();
  expect(live.join(source, viewer(), late.signal)).toBe(false);
  closing[0]?.abort();
  expect(live.join(source, viewer(), late.signal)).toBe(true);
  await live.stop();
});

test("a browser that left while its page was read is not served, so that nothing is read for it", async () => {
  const live = openLiveViews(fail);
  const reads: string[] = [];
  function source(key: string): LiveSource<string> {
    return { key, load: async () => String(reads.push(key)), render: async () => ({}) };
  }
  const hasLeft = Promise.withResolvers<void>();
  const app = express();
  app.get("/:key", async (request, response) => {
    const { key } = request.params;
    response.locals["user"] = ANNA;
    if (key === "leaves") await once(response, "close");
    streamPage(source(key), request, response, { live, findUser: async () => ANNA });
    if (key === "leaves") hasLeft.resolve();
  });
  const server = createServer(app);
  const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  const leaving = connect({ host: "127.0.0.1", port });
  server.once("request", () => leaving.destroy());
  leaving.write("GET /leaves HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await hasLeft.promise;
  const staying = connect({ host: "127.0.0.1", port });
  staying.resume().write("GET /stays HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await expect.poll(() => reads.length, PATIENCE).toBeGreaterThanOrEqual(2);
  expect(new Set(reads)).toEqual(new Set(["stays"]));
  staying.destroy();
  await live.stop();
  await closeServer(server, 0);
});

function fail(problem?: unknown): never {
  throw problem;
}
