import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { copyTree } from "../support/copy-tree.ts";
import { openTestStack } from "../support/test-stack.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("following docs/adding-an-action.md to the letter gives an action that works over HTTP", async () => {
  const page = await readFile(join(ROOT, "docs/adding-an-action.md"), "utf8");
  const { path, source } = findFile(page);
  await using copy = await copyTree();
  await writeFile(join(copy.directory, path), source);
  await writeFile(join(copy.directory, "registry.patch"), findPatch(page));
  await run("git", ["apply", "registry.patch"], { cwd: copy.directory });

  await using stack = await openTestStack("postgres", {}, copy.directory);
  await using _worker = stack.startWorker();
  const { token, accountId } = await stack.fillShop({ products: 30, inUse: 30, customers: 1 });
  const orders = await stack.database.query<{ id: string }>("SELECT id FROM orders WHERE account_id = $1", [
    accountId,
  ]);
  const recordIds = orders.map((order) => order.id);
  const preview = await stack.request(token, "/v1/bulk_actions/preview", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ bulk_action: { action_type: "delete_orders", record_ids: recordIds } }),
  });
  const { id } = await stack.submit(token, "delete_orders", recordIds);

  expect(orders).toHaveLength(3);
  expect(await preview.json()).toMatchObject({ total: 3, applicable: 3, skipped: 0 });
  expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  expect(await stack.database.query("SELECT FROM line_items")).toEqual([]);
});

function findFile(page: string): { readonly path: string; readonly source: string } {
  const [, path, source] = /```ts file=(\S+)\n([\s\S]*?)```/.exec(page) ?? [];
  if (path === undefined || source === undefined) throw new Error("The page names no file.");
  return { path, source };
}

function findPatch(page: string): string {
  const [, patch] = /```diff\n([\s\S]*?)```/.exec(page) ?? [];
  if (patch === undefined) throw new Error("The page has no patch.");
  return patch;
}
