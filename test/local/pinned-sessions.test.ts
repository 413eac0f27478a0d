import { withMigrationConnection } from "@bulk/migration/migration-connection";
import { openPool } from "@bulk/postgres/connect";
import { PINNED_SETTINGS } from "@bulk/postgres/pinned-settings";
import { connectPostgres } from "@bulk/queue/engines/connection";
import { openDatabase } from "@bulk/store/database";
import { findUnpinnedSettings } from "@bulk/store/inspection/unpinned-settings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTILE_SETTINGS } from "../support/hostile-settings.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;
let name: string;
let hostileUrl: string;

// Everything that sets a session's settings does harm: database, role, and URL.
beforeAll(async () => {
  database = await createTestDatabase();
  ({ name } = database);
  await database.query(`CREATE ROLE ${name} LOGIN PASSWORD 's3cret'`);
  await database.query(`CREATE SCHEMA decoy AUTHORIZATION ${name} CREATE TABLE products (id text)`);
  await database.query(`GRANT USAGE ON SCHEMA bullmq TO ${name}`);
  const settings = { ...HOSTILE_SETTINGS, search_path: "decoy" };
  for (const [setting, value] of Object.entries(settings)) {
    await database.query(`ALTER DATABASE ${name} SET ${setting} = ${value}`);
    await database.query(`ALTER ROLE ${name} SET ${setting} = ${value}`);
  }
  const url = new URL(database.url);
  url.username = name;
  url.password = "s3cret";
  url.searchParams.set("options", toOptions({ ...settings, work_mem: "7MB" }));
  hostileUrl = url.href;
});

afterAll(async () => {
  await database.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  await database.dispose();
});

// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
function toOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([setting, value]) => `-c ${setting}=${value.replaceAll("'", "").replaceAll(" ", "\\ ")}`)
    .join(" ");
}

test("the store's sessions have the pinned settings, time-outs of their own, and the role's search path", async () => {
  const store = openDatabase({
    ...{ url: hostileUrl, applicationName: "test", poolSize: 1 },
    ...{ lockTimeoutMs: 1_234, statementTimeoutMs: 5_678 },
  });
  try {
    expectPinned(await store.$queryRawUnsafe<Setting[]>(SETTINGS), {
      ...{
        lock_timeout: "1234ms",
        statement_timeout: "5678ms",
        idle_in_transaction_session_timeout: "5678ms",
      },
      search_path: "decoy",
    });
  } finally {
    await store.$disconnect();
  }
});

test("the queue's sessions have the pinned settings, and no schema but the queue's", async () => {
  const pool = connectPostgres(hostileUrl, 1, () => undefined);
  try {
    const { rows } = await pool.query(SETTINGS);
    expectPinned(rows, { statement_timeout: "13s", search_path: "bullmq" });
  } finally {
    await pool.end();
  }
});

test("a migration's sessions have the pinned settings, and the role's search path", async () => {
  await withMigrationConnection(hostileUrl, async (connection) => {
    const { rows } = await connection.query<Setting>(SETTINGS);
    expectPinned(rows, { search_path: "decoy" });
  });
});

test("what a transaction pooler would leave of the settings is found, and nothing of it on a sound database", async () => {
  await withMigrationConnection(hostileUrl, async (connection) => {
    const unpinned = await findUnpinnedSettings(connection);
    expect(unpinned.map((setting) => setting.name).sort()).toEqual(PINNED_AFTER_CONNECTING.toSorted());
  });
  const url = new URL(database.url);
  url.pathname = "/postgres";
  await withMigrationConnection(url.href, async (connection) => {
    expect(await findUnpinnedSettings(connection)).toEqual([]);
  });
});

test("what the URL sets otherwise is kept, and a setting that the server does not know is left out", async () => {
  const settings = { "no such setting": "1", IntervalStyle: "iso_8601" };
  const pool = openPool({ url: hostileUrl, applicationName: "test", size: 1, settings });
  try {
    const { rows } = await pool.query<Setting>(SETTINGS);
    expectPinned(rows, { work_mem: "7MB", IntervalStyle: "iso_8601" });
  } finally {
    await pool.end();
  }
});

// node-postgres asks for this one when it connects.
const PINNED_AFTER_CONNECTING = Object.keys(PINNED_SETTINGS).filter((name) => name !== "client_encoding");

type Setting = { readonly name: string; readonly value: string };

const SETTINGS = "SELECT name, current_setting(name) AS value FROM pg_settings";

function expectPinned(rows: readonly Setting[], further: Readonly<Record<string, string>>): void {
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  const wanted = { ...PINNED_SETTINGS, ...further };
  expect(Object.fromEntries(Object.keys(wanted).map((key) => [key, values.get(key)]))).toEqual(wanted);
}
