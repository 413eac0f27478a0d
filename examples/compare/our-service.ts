import { execFile } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findFreePort } from "@bulk/local/stack/free-port";
import { startStack } from "@bulk/local/stack/stack";
import type { Refused } from "./inside/main.ts";
import type { Records } from "./inside/own-code.ts";
import type { Shop } from "./shops.ts";

type Run = (command: "migrate" | "admin", ...parameters: readonly string[]) => Promise<string>;

/**
 * Deletes records of a shop through the service, as an operator sets it up and a caller uses it: migrate, an account, a
 * token, API and worker as processes, one bulk action for the products and one for the customers. Returns the ids that were
 * not deleted, with the reason.
 */
export async function deleteByService(shop: Shop, databaseUrl: string, records: Records): Promise<Refused> {
  const environment = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    RECORDS: fileURLToPath(new URL(`../${shop.name}/records.json`, import.meta.url)),
    LOG_LEVEL: "warn",
  };
  const token = await setUp(shop, bindRun(environment));
  const ports = {
    PORT: String(await findFreePort(0)),
    OPS_PORT: String(await findFreePort(0)),
    WORKER_OPS_PORT: String(await findFreePort(0)),
  };
  const stack = await startStack({
    engines: { environment: { DATABASE_URL: databaseUrl } },
    environment: { ...environment, ...ports },
    logDirectory: undefined,
  });
  try {
    const call = bindCall(`http://127.0.0.1:${ports.PORT}/v1/bulk_actions`, token);
    return {
      ...(await deleteRecords(call, "delete_products", records.products)),
      ...(await deleteRecords(call, "delete_customers", records.customers)),
    };
  } finally {
    await stack.stop();
  }
}

async function setUp({ accountKey }: Shop, run: Run): Promise<string> {
  await run("migrate");
  const key = accountKey === undefined ? [] : ["--key", accountKey];
  await run("admin", "account", "create", "shop", ...key);
  const token = JSON.parse(await run("admin", "token", "create", "--account", "shop", "--json")) as {
    readonly secret: string;
  };
  return token.secret;
}

function bindRun(env: NodeJS.ProcessEnv): Run {
  const files = { migrate: "../../packages/local/src/migrate.ts", admin: "../../apps/admin/src/main.ts" };
  return async (command, ...parameters) => {
    const file = fileURLToPath(new URL(files[command], import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...parameters], { env });
    return stdout;
  };
}

type Call = (path: string, init?: RequestInit) => Promise<Response>;

function bindCall(url: string, token: string): Call {
  return async (path, init = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`The service responds ${response.status}: ${await response.text()}`);
    return response;
  };
}

async function deleteRecords(call: Call, type: string, ids: readonly string[]): Promise<Refused> {
  const body = JSON.stringify({ bulk_action: { action_type: type, record_ids: ids } });
  const { id } = (await (await call("?fields=id", { method: "POST", body })).json()) as {
    readonly id: string;
  };
  while (await isOpen(call, id)) await wait(200);
  const kept = await call(`/${id}/records?outcome[]=skipped&outcome[]=failed`, {
    headers: { accept: "application/x-ndjson" },
  });
  const lines = (await kept.text()).split("\n").filter((line) => line !== "");
  const left = lines.map((line) => JSON.parse(line) as { readonly record_id: string; readonly code: string });
  return Object.fromEntries(left.map(({ record_id, code }) => [record_id, code]));
}

async function isOpen(call: Call, id: string): Promise<boolean> {
  const { status } = (await (await call(`/${id}?fields=status`)).json()) as { readonly status: string };
  return status === "pending" || status === "processing";
}
