import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "bulk-actions-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockTables } from "../support/lock-rows.ts";
import { randomIds } from "../support/random-ids.ts";
import { type CliRun, runCli, startCli } from "../support/run-cli.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;
let productIds: readonly string[];
let bulkActions: Client["bulkActions"];
let directory: string;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  service = await openTestService();
  ({ token, productIds } = await service.fillShop({ products: 2_500 }));
  ({ bulkActions } = createClient({ url: service.url, token }));
  directory = await mkdtemp(join(tmpdir(), "bulk-actions-uploads-"));
  environment = { BULK_ACTIONS_URL: service.url, BULK_ACTIONS_TOKEN: token, XDG_CONFIG_HOME: directory };
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function* each(ids: readonly string[]): AsyncGenerator<string> {
  yield* ids;
}

test("a file and a stream of ids are submitted as one bulk action each", async () => {
  await service.startWorker();
  const half = productIds.slice(0, 1_250);
  const file = new Blob([["id", ...half, ""].join("\n")]);
  const csv = await bulkActions.upload({ action_type: "delete_products", ids: file, expected_count: 1_250 });
  expect(await bulkActions.wait(csv.id)).toMatchObject({ status: "succeeded", details: { deleted: 1_250 } });
  const stream = { action_type: "delete_products", ids: each(productIds), restorable: false };
  const lines = await bulkActions.wait((await bulkActions.upload(stream)).id);
  expect(lines.details).toMatchObject({
    total: 2_500,
    deleted: 1_250,
    skipped: 1_250,
    restorable_until: null,
  });
});

test("an upload that is not as it should be leaves nothing behind", async () => {
  const ids = new Blob([productIds.join("\n")]);
  await expect(
    bulkActions.upload({ action_type: "delete_products", ids, expected_count: 7 }),
  ).rejects.toMatchObject({
    status: 422,
  });
  const broken = { action_type: "delete_products", ids: breaking() };
  await expect(bulkActions.upload(broken)).rejects.toThrow("was not answered");
  expect(await service.database.query("SELECT FROM bulk.bulk_actions")).toEqual([]);
});

async function* breaking(): AsyncGenerator<string> {
  yield* productIds;
  throw new Error("The source is gone.");
}

test("a file whose answer is lost is sent again and submitted once", async () => {
  let sent = 0;
  const lossy = createClient({
    ...{ url: service.url, token },
    async fetch(url, request) {
      const response = await fetch(url, request);
      sent += 1;
      if (sent === 1) throw new TypeError("The connection is gone.");
      return response;
    },
  });
  const ids = new Blob([productIds.join("\n")]);
  const { id } = await lossy.bulkActions.upload({ action_type: "delete_products", ids });
  expect((await bulkActions.list()).data.map((bulkAction) => bulkAction.id)).toEqual([id]);
  expect(sent).toBe(2);
});

test("the command line submits a file after its lines are counted", async () => {
  await service.startWorker();
  const path = join(directory, "ids.csv");
  await writeFile(path, ["id", ...productIds, ""].join("\r\n"));
  const command = ["delete", "products", "--file", path, "--yes"];
  const refused = await runCli([...command, "--max", "2500"], { environment });
  expect(refused).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("2501 records, more than --max"),
  });
  const done = await runCli([...command, "--max", "2501"], { environment });
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("2500: 2500 deleted") });
  for (const unreadable of [join(directory, "none"), directory]) {
    const refusal = await runCli(["delete", "products", "--file", unreadable, "--yes", "--max", "1"], {
      environment,
    });
    expect(refusal).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${unreadable} cannot be read`),
    });
  }
});

test.each([
  ["ids.csv", (ids: readonly string[]) => ["id", ...ids], "3"],
  ["ids.csv", (ids: readonly string[]) => ids, "3"],
  ["ids.csv", (ids: readonly string[]) => ["sku,id", ...ids.map((id) => `S,${id}`)], "3"],
  ["ids.ndjson", (ids: readonly string[]) => ids.flatMap((id) => [JSON.stringify(id), " "]), "3"],
  ["ids.csv", (ids: readonly string[]) => ["Product", ...ids], undefined],
  ["ids.csv", (ids: readonly string[]) => ids.map((id) => `"${id}"`), undefined],
])(
  "the command line sends the number of ids of a file if it is certain: %s %#",
  async (name, write, count) => {
    await service.startWorker();
    let sent = "";
    await using proxy = await openTcpProxy(service.url, (piece) => (sent += piece.toString()));
    const path = join(directory, name);
    await writeFile(path, write(productIds.slice(0, 3)).join("\n"));
    const done = await runCli(["delete", "products", "--file", path, "--yes", "--max", "9"], {
      environment: { ...environment, BULK_ACTIONS_URL: proxy.url },
    });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("3: 3 deleted") });
    expect(/bulk-expected-count: (\d+)/i.exec(sent)?.[1]).toBe(count);
  },
);

test.each([
  ["Ctrl-C", 130, [], (sending: CliRun) => sending.interrupt()],
  ["the time-out", 6, ["--timeout", "1"], () => undefined],
] as const)("%s ends the sending of a file, and nothing is submitted", async (_, code, options, stop) => {
  const path = join(directory, "ids.csv");
  // More than the buffers on the way hold.
  await writeFile(path, randomIds(1_500_000).join("\n"));
  const command = ["delete", "products", "--file", path, "--yes", "--max", "1500000", ...options];
  {
    await using _held = await lockTables(service.database, ["bulk.bulk_action_chunks"]);
    const sending = startCli(command, { environment });
    await sending.tells(/10 % sent \(\d+ of \d+ bytes\)|Nothing was/);
    stop(sending);
    expect(await sending.exited()).toBe(code);
    expect(sending.stderr()).toMatch(/\nNothing was submitted\.\n$/);
  }
  expect(await service.database.query("SELECT FROM bulk.bulk_actions")).toEqual([]);
});

test("an unknown option is refused, and its source is not read", async () => {
  const source = openSource();
  const wrong = { action_type: "delete_products", ids: source.ids, expectedCount: 7 };
  await expect(bulkActions.upload(wrong)).rejects.toThrow(
    new TypeError(
      'There is no option "expectedCount". The options are: action_type, ids, restorable, expected_count.',
    ),
  );
  expect(source.drawn()).toBe(0);
  const key = { idempotencykey: "k" };
  await expect(
    bulkActions.upload({ action_type: "delete_products", ids: [] }, key as object),
  ).rejects.toThrow(TypeError);
  const restored = { record_ids: productIds };
  await expect(bulkActions.restore("1", restored as object)).rejects.toThrow('"record_ids"');
  await expect(bulkActions.previewRestore("1", restored as object)).rejects.toThrow('"record_ids"');
  const action = { action_type: "delete_products", record_ids: productIds };
  await expect(bulkActions.create(action, key as object)).rejects.toThrow('"idempotencykey"');
  await expect(bulkActions.retry("1", key as object)).rejects.toThrow('"idempotencykey"');
  const records = bulkActions.records("1", { outcomes: ["failed"] } as object);
  await expect(Array.fromAsync(records)).rejects.toThrow('"outcomes"');
  expect(await service.database.query("SELECT FROM bulk.bulk_actions")).toEqual([]);
});

test("a source is closed at once when its upload is aborted", async () => {
  const source = openSource();
  const abort = new AbortController();
  const upload = { action_type: "delete_products", ids: source.ids };
  const uploading = bulkActions.upload(upload, { signal: abort.signal });
  await source.waits;
  abort.abort(new Error("Enough."));
  await expect(uploading).rejects.toThrow("Enough.");
  expect(source.drawn()).toBe(MOST_DRAWN);
  expect(source.isClosed()).toBe(true);
  // The service has noticed, too: an account has one upload at a time.
  const file = new Blob([productIds.join("\n")]);
  await bulkActions.upload({ action_type: "delete_products", ids: file });
});

test("an endless source is not drawn on after its upload is aborted", async () => {
  const abort = new AbortController();
  const closed = Promise.withResolvers<number>();
  async function* endless() {
    let drawn = 0;
    try {
      for (;;) {
        drawn += 1;
        if (drawn === 10_500) abort.abort(new Error("Enough."));
        yield String(productIds[0]);
      }
    } finally {
      closed.resolve(drawn);
    }
  }
  const upload = { action_type: "delete_products", ids: endless() };
  await expect(bulkActions.upload(upload, { signal: abort.signal })).rejects.toThrow("Enough.");
  // The piece that is being drawn is 1,000 ids.
  expect(await closed.promise).toBeLessThan(11_500);
});

test("an upload that is refused rejects before its source has ended, and closes it", async () => {
  const source = openSource();
  const refused = { action_type: "delete_planets", ids: source.ids };
  await expect(bulkActions.upload(refused)).rejects.toMatchObject({ status: 422 });
  expect(source.isClosed()).toBe(true);
});

const MOST_DRAWN = 1_000;

/** A source that has no id after a while, and does not end. */
function openSource() {
  let [drawn, isClosed] = [0, false];
  const waits = Promise.withResolvers<void>();
  const over = Promise.withResolvers<IteratorResult<string>>();
  const source: AsyncIterator<string> = {
    async next() {
      if (drawn < MOST_DRAWN) return { done: false, value: String(productIds[drawn++]) };
      waits.resolve();
      return await over.promise;
    },
    async return() {
      isClosed = true;
      over.resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
  };
  return {
    ids: { [Symbol.asyncIterator]: () => source },
    waits: waits.promise,
    drawn: () => drawn,
    isClosed: () => isClosed,
  };
}
