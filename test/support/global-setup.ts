import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEmbeddedPostgres } from "@bulk/local/embedded-postgres";
import { migrateQueue } from "@bulk/queue/migrate-queue";
import { migrate } from "@bulk/store/migration/migrate";
import type { TestProject } from "vitest/node";
import { findProgram } from "./find-program.ts";
import { startInstalledPostgres } from "./installed-postgres.ts";
import { findRedisServer } from "./redis-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's URL on the test run's own PostgreSQL server; its database is the migrated template. */
    readonly postgresUrl: string;
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
  const programs = process.env["POSTGRES_BIN"];
  const postgres = programs ? await startInstalledPostgres(programs) : await ownEmbeddedPostgres(directory);
  await migrate(postgres.url);
  await migrateQueue(postgres.url);
  project.provide("postgresUrl", postgres.url);
  project.provide("redisServer", redisServer);
  project.provide("chromium", chromium);
  return async () => {
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  };
}
