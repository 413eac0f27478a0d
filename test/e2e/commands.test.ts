import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@bulk/local/stack/free-port";
import { VARIABLE_NAMES } from "@bulk/service/config/variable-names";
import { afterEach, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { createClient } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Entry, startProgram } from "../support/program.ts";
import { readManifest } from "../support/repository.ts";
import { createTestDatabase } from "../support/test-database.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bulk-actions-commands-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe("pnpm demo --exit", () => {
  test("on nothing but Node runs one real bulk action that leaves only what it must, beside whatever has the usual ports", async () => {
    await using _taken = await occupy([3000, 3001, 3002, 5432, 6379]);
    await using demo = startProgram("packages/local/src/demo.ts", { DATA_DIR: directory }, ["--exit"]);

    expect(await demo.exited()).toEqual({ code: 0, signal: null });

    expect(demo.output()).toMatch(/Bulk action [0-9a-f-]{36} completed in/);
    expect(demo.output()).toMatch(/deleted {2}49750\n/);
    expect(demo.output()).toMatch(/skipped {2}275 {2}\(250 × record\.in_use, 25 × record\.not_found\)/);
    expect(demo.output()).toMatch(/100 % \(50025 of 50025 records\)/);
  });
});

describe("pnpm demo", () => {
  test("stays up, and the calls it suggests work until Ctrl-C", async () => {
    await using demo = startProgram("packages/local/src/demo.ts", { DATA_DIR: directory });
    await demo.says(/Everything stays up/, 150_000);
    const [, token = "", suggested = "", url = "", id = ""] = await demo.says(
      /Bearer (bulk_live_[\w-]+)' \\\n +'((http:\S+)\/v1\/bulk_actions\/([0-9a-f-]+)\S+)'/,
    );
    const [, productId = ""] = await demo.says(/"record_ids":\["([0-9a-f-]{36})"\]/);
    const [, consoleUrl = ""] = await demo.says(/Console {4}(\S+)/);
    const client = createClient(url);

    const asked = await fetch(suggested, { headers: { authorization: `Bearer ${token}` } });
    // 50,000 ids would be 2 MB.
    expect((await asked.text()).length).toBeLessThan(2_000);
    expect(await client.retrieve(token, id)).toMatchObject({ status: "completed" });
    const one = await client.submit(token, "delete_products", [productId]);
    expect(await client.finished(token, one.id)).toMatchObject({ status: "succeeded" });
    expect((await fetch(consoleUrl)).status).toBe(200);
    expect(await readFile(join(directory, "demo-token"), "utf8")).toBe(`${token}\n`);

    demo.kill("SIGINT");
    expect(await demo.exited()).toEqual({ code: 0, signal: null });
    expect(demo.output()).toMatch(/Stopping …\nEverything is stopped\. pnpm start runs it again.*\n$/);
    await expect(fetch(consoleUrl)).rejects.toThrow("fetch failed");
  });
});

describe("pnpm start", () => {
  test("serves a shop that pnpm seed fills beside it, refuses a second start, keeps all of it over a restart", async () => {
    const environment = await portsIn(directory);
    const url = `http://127.0.0.1:${environment.PORT}`;
    const client = createClient(url);
    const out = join(directory, "shop.json");
    let id: string;
    {
      await using start = startProgram("packages/local/src/start.ts", environment);
      await start.says(/Ctrl-C stops everything/, 150_000);

      const options = ["--account", "shop", "--products", "3000", "--customers", "10", "--in-use", "7"];
      await using seed = startProgram("packages/local/src/seed.ts", environment, [...options, "--out", out]);
      expect(await seed.exited()).toEqual({ code: 0, signal: null });
      const shop = await readShop(out);
      expect(shop.product_ids).toHaveLength(3_000);
      expect(shop.customer_ids).toHaveLength(10);
      expect(shop.product_ids).toEqual(expect.arrayContaining([...shop.in_use_product_ids]));
      expect(seed.output()).not.toContain(shop.token);

      ({ id } = await client.submit(shop.token, "delete_products", shop.product_ids));
      expect((await client.finished(shop.token, id)).skipped_record_ids).toEqual(shop.in_use_product_ids);

      await using second = startProgram("packages/local/src/start.ts", environment);
      expect(await second.exited()).toEqual({ code: 1, signal: null });
      expect(second.output()).toMatch(/already running \(process \d+\)/);
      expect(second.output()).not.toMatch(/\n\s+at /);

      start.kill("SIGTERM");
      expect(await start.exited()).toEqual({ code: 0, signal: null });
    }
    await using again = startProgram("packages/local/src/start.ts", environment);
    await again.says(/Ctrl-C stops everything/, 150_000);
    const { token } = await readShop(out);
    expect(await client.retrieve(token, id)).toMatchObject({ status: "completed" });
    again.kill("SIGTERM");
    expect(await again.exited()).toEqual({ code: 0, signal: null });
  });

  test("with its port taken says which variable to set, leaves nothing running, exits with 1", async () => {
    const environment = await portsIn(directory);
    await using _taken = await occupy([Number(environment.PORT)]);
    await using start = startProgram("packages/local/src/start.ts", environment);
    expect(await start.exited()).toEqual({ code: 1, signal: null });
    expect(start.output()).toMatch(/is in use by another process\. .* set PORT to a free port/);
    expect(start.output()).not.toMatch(/\n\s+at /);
    // The embedded server has been stopped: another start finds no owner and no taken port of its own.
    await using migrate = startProgram("packages/local/src/migrate.ts", environment);
    expect(await migrate.exited()).toEqual({ code: 0, signal: null });
    expect(migrate.output()).toContain("No migration is missing");
  });

  test("starts a worker or an API that was killed again, and a bulk action under way ends", {
    timeout: 180_000,
  }, async () => {
    const environment = await portsIn(directory);
    await using start = startProgram("packages/local/src/start.ts", environment);
    onTestFailed(() => console.error(start.output()));
    await start.says(/Ctrl-C stops everything/, 150_000);
    const out = join(directory, "killed.json");
    await using seed = startProgram("packages/local/src/seed.ts", environment, [
      "--account",
      "killed",
      "--products",
      "20000",
      "--out",
      out,
    ]);
    expect(await seed.exited()).toEqual({ code: 0, signal: null });
    const { token, product_ids: productIds } = await readShop(out);
    const client = createClient(`http://127.0.0.1:${environment.PORT}`);

    // The key that webhooks need is made up with the embedded server and kept with its files.
    const endpoint = await client.request(token, "/v1/webhook_endpoints", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ webhook_endpoint: { url: "https://shop.example/hooks" } }),
    });
    expect(endpoint.status).toBe(200);

    const { id } = await client.submit(token, "delete_products", productIds);
    for (const name of ["worker", "api"]) {
      const line = await start.says(new RegExp(`"pid":(\\d+),"name":"${name}"`));
      process.kill(Number(line[1]), "SIGKILL");
      await start.says(new RegExp(`The ${name} process ended \\(SIGKILL\\)\\. It is started again\\.`));
    }

    expect(await client.finished(token, id)).toMatchObject({ status: "succeeded" });
    await start.says(/The api process ended[\s\S]*api is listening/);

    // One that dies again before it has started is tried again and again all the same.
    const pid = [...start.output().matchAll(/"pid":(\d+),"name":"api"/g)].at(-1)?.[1];
    process.kill(Number(pid), "SIGKILL");
    await start.says(/The api process ended \(SIGKILL\)[\s\S]*The api process ended \(SIGKILL\)/);
    {
      await using _taken = await occupy([Number(environment.PORT)]);
      await start.says(/The api process ended \(exit code 1\)\. It is started again in [\d.]+ s\./);
    }
    await eventually(async () => expect((await client.finished(token, id)).status).toBe("succeeded"));
    start.kill("SIGTERM");
    expect(await start.exited()).toEqual({ code: 0, signal: null });
  });

  test("killed outright takes API and worker with it, and the next start finds all in order", async () => {
    const environment = await portsIn(directory);
    await using start = startProgram("packages/local/src/start.ts", environment);
    await start.says(/Ctrl-C stops everything/, 150_000);
    start.kill("SIGKILL");
    await start.exited();

    // Once the ports are free again, the two have ended with their parent.
    await using again = await startWhenFree(environment);
    await again.says(/Ctrl-C stops everything/, 150_000);
    again.kill("SIGTERM");
    expect(await again.exited()).toEqual({ code: 0, signal: null });
  });
});

describe("pnpm migrate and pnpm seed", () => {
  test("work on DATABASE_URL, and say what to do when it is not reachable", async () => {
    const database = await createTestDatabase();
    try {
      await using migrate = startProgram("packages/local/src/migrate.ts", { DATABASE_URL: database.url });
      expect(await migrate.exited()).toEqual({ code: 0, signal: null });
      expect(migrate.output()).toContain("No migration is missing: the database is up to date.");
    } finally {
      await database.dispose();
    }
    const port = await findFreePort(0);
    const url = `postgres://me:secret@127.0.0.1:${port}/shop`;
    await using lost = startProgram("packages/local/src/migrate.ts", { DATABASE_URL: url });
    expect(await lost.exited()).toEqual({ code: 1, signal: null });
    expect(lost.output()).toContain(`127.0.0.1:${port}`);
    expect(lost.output()).not.toContain("secret");
    expect(lost.output()).not.toMatch(/\n\s+at /);
  });

  test.each([
    [["--products", "-1"], "It must be a whole number"],
    [["--products", "1", "--in-use", "2"], "--in-use cannot be more than --products"],
  ])("seed %j is refused before anything is started", async (options, message) => {
    await using seed = startProgram("packages/local/src/seed.ts", { DATA_DIR: directory }, options);
    expect(await seed.exited()).toEqual({ code: 2, signal: null });
    expect(seed.output()).toContain(message);
  });
});

const SCRIPTS: Readonly<Record<string, Entry>> = {
  demo: "packages/local/src/demo.ts",
  start: "packages/local/src/start.ts",
  "start:api": "apps/api/src/main.ts",
  "start:worker": "apps/worker/src/main.ts",
  migrate: "packages/local/src/migrate.ts",
  "migrate:create": "packages/local/src/migrate-create.ts",
  seed: "packages/local/src/seed.ts",
  admin: "apps/admin/src/main.ts",
  bench: "test/bench/main.ts",
  attack: "test/attack/main.ts",
  compare: "examples/compare/main.ts",
  shops: "test/shops/main.ts",
  screenshots: "test/screenshots/main.ts",
  chaos: "test/chaos/main.ts",
  "chaos:recovery": "test/chaos/recovery.ts",
  "generate:client": "tools/generate-client.ts",
  "build:packages": "tools/build-packages.ts",
};

describe("every script that is a program of ours", () => {
  test("is listed here", () => {
    const programs = Object.entries(readManifest().scripts ?? {})
      .map(([name, command]) => [name, command.replace(/^node /, "")])
      .filter(([name = "", command]) => !name.startsWith("check:") && command?.endsWith(".ts"));
    expect(Object.fromEntries(programs)).toEqual(SCRIPTS);
  });

  test.each(Object.entries(SCRIPTS))("%s --help helps and starts nothing", async (name, entry) => {
    const { code, output } = await runProgram(entry, "--help");
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining(`Usage: pnpm ${name} `),
    });
    expect(output).toMatch(/\nExample:\n {2}\S/);
    expect(findUnknownVariables(output)).toEqual([]);
  });

  test("refuses what it does not know with 2, and tells its version", async () => {
    const [start, api, version] = await Promise.all([
      runProgram("packages/local/src/start.ts", "--nosuch"),
      runProgram("apps/api/src/main.ts", "now"),
      runProgram("apps/worker/src/main.ts", "--version"),
    ]);
    expect(start).toEqual({ code: 2, output: "error: unknown option '--nosuch'\n" });
    expect(api).toMatchObject({ code: 2, output: expect.stringMatching(/^error: too many arguments/) });
    expect(version).toEqual({ code: 0, output: `${readManifest().version}\n` });
  });
});

/** Without any variable: what starts nothing needs none. */
async function runProgram(entry: Entry, ...words: readonly string[]) {
  await using program = startProgram(entry, {}, words);
  const { code } = await program.exited();
  return { code, output: program.output() };
}

function findUnknownVariables(help: string): readonly string[] {
  const [, listed = ""] = help.split("\nVariables");
  const names = listed.match(/^ {2}([A-Z][A-Z0-9_]+)/gm) ?? [];
  return names.map((name) => name.trim()).filter((name) => !VARIABLE_NAMES.includes(name));
}

async function portsIn(dataDirectory: string) {
  return {
    DATA_DIR: dataDirectory,
    PORT: String(await findFreePort(0)),
    OPS_PORT: String(await findFreePort(0)),
    WORKER_OPS_PORT: String(await findFreePort(0)),
  };
}

type ShopFile = {
  readonly token: string;
  readonly product_ids: readonly string[];
  readonly in_use_product_ids: readonly string[];
  readonly customer_ids: readonly string[];
};

async function readShop(file: string): Promise<ShopFile> {
  return JSON.parse(await readFile(file, "utf8")) as ShopFile;
}

// Ports that are taken already are just as well taken.
async function occupy(ports: readonly number[]): Promise<AsyncDisposable> {
  const servers = await Promise.all(ports.map(tryListen));
  return {
    async [Symbol.asyncDispose]() {
      for (const server of servers) server?.close();
    },
  };
}

function tryListen(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once("error", () => resolve(undefined));
  server.listen(port, "127.0.0.1", () => resolve(server));
  return promise;
}

async function startWhenFree(environment: Awaited<ReturnType<typeof portsIn>>) {
  const { PORT, OPS_PORT, WORKER_OPS_PORT } = environment;
  for (const port of [PORT, OPS_PORT, WORKER_OPS_PORT]) {
    await expect.poll(() => findFreePort(Number(port)), { timeout: 20_000 }).toBe(Number(port));
  }
  return startProgram("packages/local/src/start.ts", environment);
}
