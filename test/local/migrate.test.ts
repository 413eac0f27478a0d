import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createMigration } from "@bulk/migration/create-migration";
import { findDrift } from "@bulk/migration/find-drift";
import { findMissingSchema } from "@bulk/migration/find-missing-schema";
import { migrate } from "@bulk/migration/migrate";
import { MigrationError } from "@bulk/migration/migration-error";
import { PRISMA_DIRECTORY } from "@bulk/migration/prisma-directory";
import pg from "pg";
import { expect, inject, onTestFinished, test, vi } from "vitest";

test("an empty database gets every migration, in order, and a migrated one nothing more", async () => {
  const url = await createDatabase();
  expect(await migrate(url)).toEqual(await migrationNames(PRISMA_DIRECTORY));
  expect(await migrate(url)).toEqual([]);
});

test("six processes that start at once all succeed, and each migration is applied once", async () => {
  const url = await createDatabase();
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(url)));
  const names = await migrationNames(PRISMA_DIRECTORY);
  expect(applied.flat()).toEqual(names);
  const history = await query(url, "SELECT migration_name FROM bulk._prisma_migrations ORDER BY started_at");
  expect(history.map((row) => row["migration_name"])).toEqual(names);
});

test("a database with somebody else's tables and migrations gets ours in a schema of their own", async () => {
  const url = await createDatabase();
  await query(url, "CREATE TABLE _prisma_migrations (id int); CREATE TABLE products (id int)");
  expect(await migrate(url)).toEqual(await migrationNames(PRISMA_DIRECTORY));
  expect(await migrate(url)).toEqual([]);
  expect(await findDrift(url)).toBe("");
  expect(await findMissingSchema(url)).toEqual([]);
  expect(await createMigration(url, "nothing")).toBeNull();
  const tables = await query(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  expect(tables.map(({ tablename }) => tablename)).toEqual(["_prisma_migrations", "products"]);
});

test.each([
  ["another process of ours", "hashtext('bulk_actions.migrate')"],
  ["Prisma's own command", "72707369"],
])("a migration that %s is applying is waited for, not taken for a failed one", async (_who, lock) => {
  const url = await createDatabase();
  await migrate(url);
  const other = await connect(url);
  await other.query(`SELECT pg_advisory_lock(${lock})`);
  await other.query("UPDATE bulk._prisma_migrations SET finished_at = NULL");

  const migrated = migrate(url);
  await vi.waitFor(async () => {
    const waiting = await other.query(
      `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
       WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
    );
    expect(waiting.rowCount).toBe(1);
  }, 10_000);
  await other.query("UPDATE bulk._prisma_migrations SET finished_at = now()");
  await other.query(`SELECT pg_advisory_unlock(${lock})`);
  expect(await migrated).toEqual([]);
});

test("what schema.prisma cannot say is in the database all the same", async () => {
  const url = await createDatabase();
  await migrate(url);
  const [column] = await query(
    url,
    `SELECT attstorage FROM pg_attribute
     WHERE attrelid = 'bulk.bulk_action_chunks'::regclass AND attname = 'record_ids'`,
  );
  expect(column).toEqual({ attstorage: "e" });
  const insert = `
    WITH account AS (INSERT INTO bulk.accounts (name) VALUES ('a') RETURNING id)
    INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count)
    SELECT id, 'delete_products', 'failed', 1 FROM account`;
  await expect(query(url, insert)).rejects.toMatchObject({ constraint: "bulk_actions_status_check" });
});

test("a server that is not there is named with its database and never with the password", async () => {
  const error = await refusalOf(migrate("postgres://shop:s3cret@127.0.0.1:1/orders"));
  expect(error.message).toContain('Database "orders" at 127.0.0.1:1 cannot be reached');
  expect(error.message).toContain("ECONNREFUSED");
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain("s3cret");
});

test("a URL that cannot be read is refused without being shown", async () => {
  const error = await refusalOf(migrate("postgres://shop:s3cret@:x/orders"));
  expect(error.message).toContain("Write it as postgres://user:password@host:port/database");
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain("s3cret");
});

test("a missing database and a wrong password each get the advice that helps", async () => {
  const missing = new URL(serverUrl());
  missing.pathname = "/migrate_nowhere";
  expect((await refusalOf(migrate(missing.href))).message).toContain("Create the database");

  const stranger = new URL(serverUrl());
  stranger.username = "migrate_stranger";
  stranger.password = "s3cret";
  const { message } = await refusalOf(migrate(stranger.href));
  expect(message).toContain("Correct the user and the password");
  expect(message).not.toContain("s3cret");
});

test("a migration that was edited after it had been applied is refused by name", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  const [name = ""] = await migrate(url, { directory });
  const path = join(directory, "migrations", name, "migration.sql");
  await writeFile(path, `${await readFile(path, "utf8")}\n-- edited\n`);
  const { message } = await refusalOf(migrate(url, { directory }));
  expect(message).toContain(`edited after they had been applied: ${name}`);
  expect(message).toContain("Restore");
});

test("a checkout with other line ends is not taken for an edit", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  const [name = ""] = await migrate(url);
  const path = join(directory, "migrations", name, "migration.sql");
  await writeFile(path, (await readFile(path, "utf8")).replaceAll("\n", "\r\n"));
  expect(await migrate(url, { directory })).toEqual([]);
});

test("a database that is ahead of the code is refused", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  await addMigration(directory, "20990101000000_newer", "CREATE TABLE newer (id int);");
  await migrate(url, { directory });
  const { message } = await refusalOf(migrate(url));
  expect(message).toContain("not on disk: 20990101000000_newer");
});

test("a migration that fails leaves nothing behind, and goes through once its error says how", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  const name = "20990101000000_broken";
  const path = await addMigration(
    directory,
    name,
    "CREATE TABLE half (text text DEFAULT ';'); -- semicolons; too\nCREATE TABLE half (id int);",
  );
  const first = await refusalOf(migrate(url, { directory }));
  expect(first.message).toContain(`${name} failed: relation "half" already exists. Either it is wrong`);
  expect(await query(url, "SELECT FROM pg_class WHERE relname = 'half'")).toHaveLength(0);

  await writeFile(path, "CREATE TABLE half (text text DEFAULT ';');");
  const second = await refusalOf(migrate(url, { directory }));
  expect(second.message).toBe(first.message);

  await query(url, statementIn(second.message, "DELETE"));
  expect(await migrate(url, { directory })).toEqual([name]);
  const [column] = await query(
    url,
    "SELECT column_default FROM information_schema.columns WHERE table_name = 'half'",
  );
  expect(column).toEqual({ column_default: "';'::text" });
});

test("a failed migration that Prisma marked as rolled back may be corrected and applied again", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  const path = await addMigration(directory, "20990101000000_broken", "CREATE TABLE broken (id nonsense);");
  await refusalOf(migrate(url, { directory }));
  await query(url, "UPDATE bulk._prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL");
  await writeFile(path, "CREATE TABLE mended (id int);");
  expect(await migrate(url, { directory })).toEqual(["20990101000000_broken"]);
  expect(await migrate(url, { directory })).toEqual([]);
});

test("a migration whose process died half-way is refused with both ways out", async () => {
  const url = await createDatabase();
  await migrate(url);
  await query(
    url,
    `UPDATE bulk._prisma_migrations SET finished_at = NULL
     WHERE migration_name = (SELECT max(migration_name) FROM bulk._prisma_migrations)`,
  );
  const { message } = await refusalOf(migrate(url));
  expect(message).toContain("interrupted half-way");
  await query(url, statementIn(message, "UPDATE"));
  expect(await migrate(url)).toEqual([]);
});

test("a migration that meets a change by hand says so", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  await migrate(url, { directory });
  await query(url, "ALTER TABLE bulk.pauses ADD COLUMN weight int");
  await addMigration(directory, "20990101000000_weight", "ALTER TABLE bulk.pauses ADD COLUMN weight int;");
  const { message } = await refusalOf(migrate(url, { directory }));
  expect(message).toContain('column "weight" of relation "pauses" already exists');
  expect(message).toContain("the schema was changed by hand");
});

test("a schema bulk with tables of somebody else's is left alone", async () => {
  const url = await createDatabase();
  await query(url, "CREATE SCHEMA bulk; CREATE TABLE bulk.theirs (id int)");
  const { message } = await refusalOf(migrate(url));
  expect(message).toContain("The schema bulk has tables but no history of migrations");
});

test("a user who may not create the schema is told who may, and then migrates", async () => {
  const url = await createDatabase();
  const role = await createRole("NOCREATEDB");
  const roleUrl = new URL(role.url);
  roleUrl.pathname = new URL(url).pathname;
  const first = await refusalOf(migrate(roleUrl.href));
  expect(first.message).toMatch(/GRANT CREATE ON DATABASE "migrate_\w+" TO "migrate_\w+";/);
  await query(url, "CREATE SCHEMA bulk");
  const second = await refusalOf(migrate(roleUrl.href));
  expect(second.message).toContain(`ALTER SCHEMA bulk OWNER TO "${role.name}";`);
  await query(url, `ALTER SCHEMA bulk OWNER TO "${role.name}"`);
  expect(await migrate(roleUrl.href)).toEqual(await migrationNames(PRISMA_DIRECTORY));
  await query(url, "DROP SCHEMA bulk CASCADE");
});

test("migrations and schema.prisma say the same", async () => {
  const url = await createDatabase();
  await migrate(url);
  expect(await findDrift(url)).toBe("");
});

test.each([
  ["a new column", "ALTER TABLE bulk.pauses ADD COLUMN weight int", 'DROP COLUMN "weight"'],
  ["a lost column", "ALTER TABLE bulk.pauses DROP COLUMN reason", 'ADD COLUMN     "reason"'],
  [
    "another type",
    "ALTER TABLE bulk.throttles ALTER COLUMN records_per_second TYPE bigint",
    "SET DATA TYPE INTEGER",
  ],
  ["a lost index", "DROP INDEX bulk.api_tokens_account_id_idx", "api_tokens_account_id_idx"],
  [
    "another predicate of a partial index",
    `DROP INDEX bulk.bulk_actions_open;
     CREATE INDEX bulk_actions_open ON bulk.bulk_actions (updated_at) WHERE status = 'pending'`,
    'CREATE INDEX "bulk_actions_open"',
  ],
  [
    "a partial index that became a full one",
    `DROP INDEX bulk.bulk_action_chunks_unfinished;
     CREATE INDEX bulk_action_chunks_unfinished ON bulk.bulk_action_chunks (bulk_action_id, position)`,
    "WHERE (finished_at IS NULL)",
  ],
  [
    "a foreign key that no longer restricts",
    `ALTER TABLE bulk.bulk_actions DROP CONSTRAINT bulk_actions_account_id_fkey,
       ADD CONSTRAINT bulk_actions_account_id_fkey FOREIGN KEY (account_id) REFERENCES bulk.accounts (id)
         ON DELETE CASCADE ON UPDATE CASCADE`,
    "ON DELETE RESTRICT",
  ],
])("%s made by hand is seen as drift", async (_change, statement, expected) => {
  const url = await createDatabase();
  await migrate(url);
  await query(url, statement);
  expect(await findDrift(url)).toContain(expected);
});

test("the queue's tables beside ours are nobody's business here", async () => {
  const url = await createDatabase();
  await query(url, "CREATE SCHEMA bullmq; CREATE TABLE bullmq.job (id int, data text)");
  expect(await migrate(url)).not.toEqual([]);
  expect(await findDrift(url)).toBe("");
  expect(await createMigration(url, "nothing")).toBeNull();
});

test("no migration is written when there is nothing to write, and no scratch database stays", async () => {
  const directory = await copyPrismaDirectory();
  const before = await migrationNames(directory);
  const role = await createRole("CREATEDB");
  expect(await createMigration(role.url, "nothing", { directory })).toBeNull();
  expect(await migrationNames(directory)).toEqual(before);
  const owned = `SELECT datname FROM pg_database WHERE datdba = '${role.name}'::regrole`;
  expect(await query(serverUrl(), owned)).toEqual([]);
});

test("a user who may not create databases is told to", async () => {
  const role = await createRole("NOCREATEDB");
  expect((await refusalOf(createMigration(role.url, "nothing"))).message).toContain("CREATEDB");
});

test("a new column becomes a migration that makes schema and database agree again", async () => {
  const url = await createDatabase();
  const directory = await copyPrismaDirectory();
  await migrate(url, { directory });
  const schemaPath = join(directory, "schema.prisma");
  const schema = await readFile(schemaPath, "utf8");
  await writeFile(schemaPath, schema.replace("model Pause {", "model Pause {\n  weight Int @default(0)"));

  const now = new Date("2099-01-02T03:04:05.678Z");
  const path = await createMigration(url, "pause_weight", { directory, now });
  expect(path).toBe(join(directory, "migrations", "20990102030405_pause_weight", "migration.sql"));
  expect(await readFile(path ?? "", "utf8")).toBe(
    '-- AlterTable\nALTER TABLE "bulk"."pauses" ADD COLUMN     "weight" INTEGER NOT NULL DEFAULT 0;\n',
  );
  expect(await findDrift(url, { directory })).not.toBe("");
  expect(await migrate(url, { directory })).toEqual(["20990102030405_pause_weight"]);
  expect(await findDrift(url, { directory })).toBe("");
});

test("a migration is named in lower case words", async () => {
  const { message } = await refusalOf(createMigration(serverUrl(), "../Product weight"));
  expect(message).toContain("lower case");
});

/** A superuser's URL that leads to no database of a test's. */
function serverUrl(): string {
  const url = new URL(inject("postgresUrl"));
  url.pathname = "/postgres";
  return url.href;
}

/** The URL of an empty database. Its end fails the test if somebody is still connected: a leak. */
async function createDatabase(): Promise<string> {
  const name = `migrate_${randomBytes(6).toString("hex")}`;
  await query(serverUrl(), `CREATE DATABASE ${name} TEMPLATE template0`);
  onTestFinished(async () => {
    await query(serverUrl(), `DROP DATABASE ${name}`);
  });
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.href;
}

async function createRole(right: string): Promise<{ readonly name: string; readonly url: string }> {
  const name = `migrate_${randomBytes(6).toString("hex")}`;
  await query(serverUrl(), `CREATE ROLE ${name} LOGIN ${right} PASSWORD 's3cret'`);
  onTestFinished(async () => {
    await query(serverUrl(), `DROP ROLE ${name}`);
  });
  const url = new URL(serverUrl());
  url.username = name;
  url.password = "s3cret";
  return { name, url: url.href };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function query(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function copyPrismaDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-prisma-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await cp(PRISMA_DIRECTORY, directory, { recursive: true });
  return directory;
}

async function addMigration(directory: string, name: string, script: string): Promise<string> {
  const folder = join(directory, "migrations", name);
  await mkdir(folder);
  await writeFile(join(folder, "migration.sql"), script);
  return join(folder, "migration.sql");
}

async function migrationNames(directory: string): Promise<readonly string[]> {
  const files = await readdir(join(directory, "migrations"));
  return files.filter((file) => file !== "migration_lock.toml").sort();
}

async function refusalOf(promise: Promise<unknown>): Promise<MigrationError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof MigrationError) return error;
  throw new Error(`Expected a MigrationError, not ${inspect(error)}`);
}

/** The statement that an error's message tells its reader to run. */
function statementIn(message: string, verb: "DELETE" | "UPDATE"): string {
  const statement = message.split("\n").find((line) => line.trim().startsWith(verb));
  if (statement === undefined) throw new Error(`No ${verb} in: ${message}`);
  return statement;
}
