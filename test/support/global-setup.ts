import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEmbeddedPostgres } from "@bulk/local/postgres/embedded-postgres";
import { createSampleShop } from "@bulk/local/sample-shop/create-sample-shop";
import { migrate } from "@bulk/migration/migrate";
import { withMigrationConnection } from "@bulk/migration/migration-connection";
import { migrateQueue } from "@bulk/queue/engines/migrate-queue";
import type { TestProject } from "vitest/node";
import { eventually } from "./eventually.ts";
import { findProgram } from "./find-program.ts";
import { startInstalledPostgres } from "./installed-postgres.ts";
import { findRedisServer } from "./redis-server.ts";
import { estrange } from "./stranger.ts";
import type { Host } from "./test-database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's URL on the test run's own PostgreSQL server; its database is the migrated template. */
    readonly postgresUrl: string;
    /** The same, of the template that others have built on. */
    readonly strangerUrl: string;
    /** Whose database the tests of this project run on, unless they say otherwise. */
    readonly host: Host;
    /** Which engine carries the queue in this project. */
    readonly queueEngine: "postgres" | "redis";
    /** The program to start Redis with, if there is one. */
    readonly redisServer: string | undefined;
    /** The browser to look at pages with, if there is one. */
    readonly chromium: string | undefined;
  }
}

/**
 * Starts what the whole run shares and makes the template that test databases are copied from. With POSTGRES_BIN
 * it starts the PostgreSQL whose programs are in that folder, in place of the embedded one.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redisServer = await findRedisServer();
  if (redisServer === undefined) {
    const message = "Neither redis-server nor valkey-server is on the PATH";
    if (process.env["CI"]) throw new Error(`${message}: the Redis tests cannot run.`);
    console.warn(`\n!!! ${message}: ALL TESTS ON REDIS ARE SKIPPED !!!\n`);
  }
  const chromium = await findProgram("chromium", "chromium-browser", "google-chrome");
  if (chromium === undefined) {
    const message = "There is no chromium on the PATH";
    if (process.env["CI"] && process.env["BROWSER_TESTS"] !== "skip")
      throw new Error(`${message}: the tests in a browser cannot run.`);
    console.warn(`\n!!! ${message}: ALL TESTS IN A BROWSER ARE SKIPPED !!!\n`);
  }
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-test-"));
  process.once("exit", () => clearAway(directory));
  const programs = process.env["POSTGRES_BIN"];
  const postgres = programs ? await startInstalledPostgres(programs) : await ownEmbeddedPostgres(directory);
  await migrate(postgres.url);
  await createSampleShop(postgres.url);
  await migrateQueue(postgres.url);
  project.provide("postgresUrl", postgres.url);
  project.provide("strangerUrl", await copyForStranger(postgres.url));
  project.provide("redisServer", redisServer);
  project.provide("chromium", chromium);
  return async () => {
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  };
}

// Ctrl-C ends the run without a teardown, and the server's processes are no children of it.
function clearAway(directory: string): void {
  try {
    const [pid] = readFileSync(join(directory, "postgres", "postmaster.pid"), "utf8").split("\n");
    process.kill(Number(pid), "SIGQUIT");
    rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
  } catch {
    // The server has been stopped.
  }
}

async function copyForStranger(templateUrl: string): Promise<string> {
  const url = new URL(templateUrl);
  url.pathname = "/postgres";
  await withMigrationConnection(url.href, (connection) =>
    eventually(() =>
      connection.query(`CREATE DATABASE stranger TEMPLATE ${new URL(templateUrl).pathname.slice(1)}`),
    ),
  );
  url.pathname = "/stranger";
  await withMigrationConnection(url.href, (connection) => estrange((sql) => connection.query(sql)));
  return url.href;
}
