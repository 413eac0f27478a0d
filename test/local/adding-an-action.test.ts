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
  const files = findFiles(page);
  await using copy = await copyTree();
  for (const { path, source } of files) await writeFile(join(copy.directory, path), source);
  await writeFile(join(copy.directory, "registry.patch"), findPatch(page));
  await run("git", ["apply", "registry.patch"], { cwd: copy.directory });
  await checkTypes(copy.directory);
  const tests = files.map(({ path }) => path).filter((path) => path.endsWith(".test.ts"));
  expect(tests).toHaveLength(1);
  await runTests(copy.directory, tests);

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

async function checkTypes(directory: string): Promise<void> {
  const { stdout } = await run(process.execPath, ["node_modules/typescript/bin/tsc", "--noEmit"], {
    cwd: directory,
  }).catch((error: { readonly stdout: string }) => error);
  expect(stdout).toBe("");
}

/** Runs test files of the tree in `directory`, with vitest of its own. */
async function runTests(directory: string, paths: readonly string[]): Promise<void> {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"));
  const project = "--project=integration on the PostgreSQL queue";
  const { stdout } = await run(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", project, ...paths],
    {
      cwd: directory,
      env: { ...Object.fromEntries(environment), NO_COLOR: "1" },
    },
  ).catch((error: { readonly stdout: string }) => error);
  expect(stdout).toMatch(/Tests +2 passed \(2\)/);
}

function findFiles(page: string): readonly { readonly path: string; readonly source: string }[] {
  const files = [...page.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)];
  expect(files.length).toBeGreaterThan(2);
  return files.map(([, path = "", source = ""]) => ({ path, source }));
}

function findPatch(page: string): string {
  const [, patch] = /```diff\n([\s\S]*?)```/.exec(page) ?? [];
  if (patch === undefined) throw new Error("The page has no patch.");
  return patch;
}
