import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "bulk-actions-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../support/run-cli.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;
let productIds: readonly string[];
let bulkActions: Client["bulkActions"];
let directory: string;

beforeEach(async () => {
  service = await openTestService();
  ({ token, productIds } = await service.fillShop({ products: 2_500 }));
  ({ bulkActions } = createClient({ url: service.url, token }));
  directory = await mkdtemp(join(tmpdir(), "bulk-actions-uploads-"));
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
  const environment = {
    BULK_ACTIONS_URL: service.url,
    BULK_ACTIONS_TOKEN: token,
    XDG_CONFIG_HOME: directory,
  };
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
  const missing = await runCli(["delete", "products", "--file", "none", "--yes", "--max", "1"], {
    environment,
  });
  expect(missing).toMatchObject({ code: 1 });
});
