import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Console, openConsoleAs } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** How long statements are counted. */
const SECONDS = 4;

const BROWSERS = 200;

let service: TestService;
let proxy: TcpProxy;
let anna: Console;
let path: string;

/** What the console's own connections have sent. */
let sent = 0;

beforeAll(async () => {
  const environment: NodeJS.ProcessEnv = {
    DASHBOARD_USERS: (await writeUsers()).join(),
    DASHBOARD_SESSION_KEY: randomBytes(32).toString("base64"),
  };
  const ofConsole = new WeakSet<object>();
  service = await openTestService(environment, {
    async prepare(database) {
      proxy = await openTcpProxy(database.serviceUrl, (piece, connection) => {
        // A connection begins with its name.
        if (piece.includes("bulk-actions-console")) ofConsole.add(connection);
        if (ofConsole.has(connection)) sent += 1;
      });
      environment["DATABASE_URL"] = proxy.url;
    },
  });
  const { token, productIds } = await service.fillShop({ products: 10 });
  const { id } = await service.submit(token, "delete_products", productIds);
  path = `/bulk-actions/${id}`;
  anna = await openConsoleAs(service.opsUrl, "anna");
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

test("nothing is read while nobody looks, also after somebody has", async () => {
  await anna.page("");
  const left = await openStreams(["/live", `${path}/live`], 2);
  await left.close();
  // A reading that has begun ends.
  await eventually(async () => expect(await countSent(1)).toBe(0));
  expect(await countSent(SECONDS)).toBe(0);
});

test("two hundred browsers cost the database what one costs", async () => {
  const paths = ["/live", `${path}/live`];
  // While the machine is busy with something else, a few pages are read less often than once a second.
  await eventually(async () => {
    const few = await openStreams(paths, paths.length);
    const costOfOne = await countSent(SECONDS);
    await few.close();
    const many = await openStreams(paths, BROWSERS);
    const costOfMany = await countSent(SECONDS);
    await many.close();
    expect(costOfOne).toBeGreaterThan(SECONDS);
    // One more reading may have fallen into the time.
    expect(costOfMany).toBeLessThanOrEqual(costOfOne * (1 + 2 / SECONDS));
  });
});

test("all of them see a change", async () => {
  const streams = await openStreams([`${path}/live`], BROWSERS);
  const answer = await anna.submit(`${path}/pause`, { reason: "seen by all" });
  expect(answer.status).toBe(303);
  await eventually(() =>
    expect(streams.texts().filter((text) => text.includes("seen by all")).length).toBe(BROWSERS),
  );
  await streams.close();
});

type Streams = {
  /** What each has received. */
  texts(): readonly string[];
  close(): Promise<void>;
};

/** Opens streams of these pages in turn, and waits until each has received all parts of its page. */
async function openStreams(paths: readonly string[], count: number): Promise<Streams> {
  const ended = new AbortController();
  const streams = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const response = await anna.request(paths[index % paths.length] ?? "", {
        headers: { accept: "text/event-stream", cookie: anna.cookies.join("; ") },
        signal: ended.signal,
      });
      expect(response.status).toBe(200);
      return follow(response);
    }),
  );
  await eventually(() => {
    const waiting = streams.filter(({ text }) => !text().includes("event: parts")).length;
    if (waiting > 0) throw new Error(`${waiting} pages have nothing yet.`);
  });
  return {
    texts: () => streams.map(({ text }) => text()),
    async close() {
      ended.abort();
      await Promise.all(streams.map(({ read }) => read));
    },
  };
}

function follow(response: Response): { text(): string; readonly read: Promise<void> } {
  let text = "";
  async function read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) text += decoder.decode(piece, { stream: true });
  }
  return { text: () => text, read: read().catch(() => undefined) };
}

/** How often the console's connections send something in so many seconds. */
async function countSent(seconds: number): Promise<number> {
  const before = sent;
  const until = performance.now() + 1_000 * seconds;
  await eventually(() => {
    if (performance.now() < until) throw new Error("Not yet.");
  });
  return sent - before;
}
