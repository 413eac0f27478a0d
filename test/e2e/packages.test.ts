import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium as playwright } from "playwright-core";
import { afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { pathTo } from "../support/repository.ts";
import { openTestStack } from "../support/test-stack.ts";

const run = promisify(execFile);

let directory: string;

beforeAll(async () => {
  await run(process.execPath, ["tools/build-packages.ts"], { cwd: pathTo(".") });
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bulk-actions-packages-"));
});

afterEach(() => rm(directory, { recursive: true }));

/** A caller's program, which is also type-checked. */
const PROGRAM = `import { createClient } from "bulk-actions-client";
import { BulkActionsError } from "bulk-actions-client/errors";

const { bulkActions } = createClient({ url: String(process.env["BULK_ACTIONS_URL"]), token: String(process.env["BULK_ACTIONS_TOKEN"]) });
const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: process.argv.slice(2) });
const { status, details } = await bulkActions.wait(id, { onProgress: ({ processed }) => console.error(processed) });
const restore = await bulkActions.wait((await bulkActions.restore(id)).id);
console.log(status, details.deleted, restore.status, restore.details.restored);
await bulkActions.cancel(id).catch((error: unknown) => console.log(error instanceof BulkActionsError && error.code));
`;

/** Each line fails where a type is not exact. */
const TYPES = `import { createClient } from "bulk-actions-client";
import type { ErrorCode } from "bulk-actions-client/errors";
import type { BulkAction, BulkActionDetails, RecordOutcome } from "bulk-actions-client/types";
import { verifyWebhook } from "bulk-actions-client/webhooks";

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
type Loose<Type> = { [Key in keyof Type]-?: unknown extends Type[Key] ? Key : Type[Key] extends object ? Loose<Type[Key]> : never }[keyof Type];
function holds<_Fact extends true>(): void {}

const { bulkActions } = createClient({ url: "http://127.0.0.1", token: "t" });
holds<Same<BulkAction["status"], "pending" | "processing" | "succeeded" | "completed" | "invalid">>();
holds<Same<Awaited<ReturnType<typeof bulkActions.wait>>, BulkAction>>();
holds<Same<BulkActionDetails["outcome"], "succeeded" | "partial" | "failed" | "canceled" | "invalid" | null>>();
holds<Same<Loose<BulkAction>, never>>();
holds<Same<Loose<RecordOutcome>, never>>();
holds<Same<Loose<Awaited<ReturnType<typeof bulkActions.list>>["pagination"]>, never>>();
holds<Same<Extract<ErrorCode, "bulk_action.not_found">, "bulk_action.not_found">>();
holds<Same<Extract<ErrorCode, "bulk_action.nonsense">, never>>();
const event = await verifyWebhook({ body: "", headers: {} }, "whsec_");
if (event.type === "bulk_action.finished") holds<Same<typeof event.data.object.status, "succeeded" | "completed" | "invalid">>();
// @ts-expect-error There is no such method.
bulkActions.delete("");
// @ts-expect-error Ids are texts.
bulkActions.create({ action_type: "delete_products", record_ids: [1] });
// @ts-expect-error There is no such key.
bulkActions.create({ action_type: "delete_products", record_ids: [], dry_run: true });
// @ts-expect-error There is no such status.
bulkActions.list({ status: ["done"] });
`;

const TSCONFIG = {
  compilerOptions: {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
    ...{ target: "ES2022", module: "NodeNext", types: ["node"] },
  },
};

test("a new user installs the packed packages in an empty folder, deletes, restores, and has exact types", async () => {
  await writeFile(join(directory, "package.json"), JSON.stringify({ type: "module", private: true }));
  const { stdout } = await npm("pack", "--silent", pathTo("dist/client"), pathTo("dist/cli"));
  const tarballs = stdout.trim().split("\n");
  await npm(
    "install",
    "--no-audit",
    "--no-fund",
    ...tarballs.map((name) => `./${name}`),
    "typescript@5.9.3",
    "@types/node@20",
  );
  await Promise.all([
    writeFile(join(directory, "program.ts"), PROGRAM),
    writeFile(join(directory, "types.ts"), TYPES),
    writeFile(join(directory, "tsconfig.json"), JSON.stringify(TSCONFIG)),
  ]);

  expect(await compile(join(directory, "node_modules/typescript/bin/tsc"))).toBe("");
  expect(await compile(pathTo("node_modules/typescript/bin/tsc"))).toBe("");

  await using stack = await openTestStack("postgres");
  await using _worker = stack.startWorker();
  const { token, productIds, inUseProductIds } = await stack.fillShop({ products: 10, inUse: 1 });
  const env = { PATH: process.env["PATH"], BULK_ACTIONS_URL: stack.url, BULK_ACTIONS_TOKEN: token };
  const deleted = await run(process.execPath, ["program.ts", ...productIds], { cwd: directory, env });
  expect(deleted.stdout).toBe("completed 9 succeeded 9\nbulk_action.not_cancelable\n");

  const command = ["delete", "products", "--ids", productIds.join(","), "--yes", "--max", "10", "--json"];
  const ended = await run(join(directory, "node_modules/.bin/bulk-actions"), command, { env }).catch(
    (error: { readonly code: number; readonly stdout: string }) => error,
  );
  expect(ended).toMatchObject({ code: 3 });
  const { id, details } = JSON.parse(ended.stdout);
  expect(details).toMatchObject({ deleted: 9, skipped: 1 });
  const records = await run("npx", ["bulk-actions", "records", id, "--outcome", "skipped", "--csv"], {
    ...{ cwd: directory, env },
  });
  expect(records.stdout).toContain(`\r\n${inUseProductIds[0]},skipped,record.in_use,`);
});

/** What a page does with the client. Its origin is that of the API. */
function onPage(token: string, ids: readonly string[]): string {
  return `(async () => {
    const { createClient } = await import("/lib/create-client.js");
    const { bulkActions } = createClient({ url: location.origin, token: ${JSON.stringify(token)} });
    const file = new Blob([${JSON.stringify(ids.join("\n"))}]);
    const { id } = await bulkActions.upload({ action_type: "delete_products", ids: file });
    const { status } = await bulkActions.wait(id);
    let records = 0;
    for await (const record of bulkActions.records(id, { outcome: ["deleted"] })) records += 1;
    return [status, records];
  })()`;
}

const chromium = inject("chromium");

test.skipIf(chromium === undefined)("the client works in a browser", async () => {
  await using stack = await openTestStack("postgres");
  await using _worker = stack.startWorker();
  const { token, productIds } = await stack.fillShop({ products: 1_500 });
  const browser = await playwright.launch({ executablePath: String(chromium), args: ["--no-sandbox"] });
  try {
    // The page is the API's own, whose policy allows no other scripts.
    const page = await browser.newPage({ bypassCSP: true });
    await page.route("**/lib/**", async (route) => {
      const { pathname } = new URL(route.request().url());
      await route.fulfill({ path: pathTo(`dist/client${pathname}`), contentType: "text/javascript" });
    });
    await page.goto(`${stack.url}/docs`);
    expect(await page.evaluate(onPage(token, productIds))).toEqual(["succeeded", 1_500]);
  } finally {
    await browser.close();
  }
});

function npm(...parameters: readonly string[]) {
  return run("npm", parameters, { cwd: directory });
}

async function compile(compiler: string): Promise<string> {
  const compiled = run(process.execPath, [compiler, "-p", "."], { cwd: directory });
  return (await compiled.catch((error: { readonly stdout: string }) => error)).stdout;
}
