import { randomBytes } from "node:crypto";
import { connectClient, createClient } from "@bulk/postgres/connect";
import pg from "pg";
import { inject } from "vitest";
import { eventually } from "./eventually.ts";
import { asServiceRole } from "./service-role.ts";
import { moveAway } from "./stranger.ts";

/** Whose database the service lives in: one of its own, or that of somebody who has built on it (`estrange`). */
export type Host = "own" | "stranger";

/** A database of a test's own, migrated. */
export type TestDatabase = {
  readonly url: string;
  /** On the server of the test run. */
  readonly name: string;
  /** As API and workers connect: on a stranger's database as a role that may do no more than it must. */
  readonly serviceUrl: string;
  /** For what a test itself does to the shop, past the service. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Drops it. Throws when somebody else is still connected: a leak. */
  dispose(): Promise<void>;
};

/** Copies the template the test run has migrated. */
export async function createTestDatabase(host: Host = inject("host")): Promise<TestDatabase> {
  const template = new URL(inject(host === "own" ? "postgresUrl" : "strangerUrl"));
  const name = `test_${randomBytes(6).toString("hex")}`;
  // Refused while anything, such as autovacuum, is connected to the template.
  await eventually(
    () => administer(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`),
    30_000,
  );
  const url = new URL(template);
  url.pathname = `/${name}`;
  if (host === "stranger") await moveAway(administer, name);
  const options = { url: url.href, applicationName: "test" };
  const client = createClient(options);
  await connectClient(client, options);
  return {
    url: url.href,
    name,
    serviceUrl: host === "own" ? url.href : asServiceRole(url.href),
    async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const { rows } = await client.query<Row>(text, [...values]);
      return rows;
    },
    async dispose() {
      await client.end();
      try {
        await eventually(() => assertUnused(name), 30_000);
      } finally {
        await administer(`DROP DATABASE ${name} WITH (FORCE)`);
      }
    },
  };
}

async function assertUnused(name: string): Promise<void> {
  const users = await administer<{ application_name: string }>(
    `SELECT application_name FROM pg_stat_activity WHERE datname = '${name}'`,
  );
  if (users.length > 0) {
    throw new Error(`Connections left open: ${users.map((user) => user.application_name).join(", ")}`);
  }
}

async function administer<Row extends pg.QueryResultRow>(sql: string): Promise<readonly Row[]> {
  const url = new URL(inject("postgresUrl"));
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
