import { createSampleShop } from "@bulk/local/sample-shop/create-sample-shop";
import { findDrift } from "@bulk/migration/find-drift";
import { migrate } from "@bulk/migration/migrate";
import { withMigrationConnection } from "@bulk/migration/migration-connection";
import { loadFormerMigrations, loadMigrations, PRISMA_DIRECTORY } from "@bulk/migration/prisma-directory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  FORMER,
  FORMER_VERSIONS,
  type FormerVersion,
  installFormer,
  readFormerRows,
} from "../support/former-installation.ts";
import { countReasons } from "../support/reasons.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { openTestService } from "../support/test-service.ts";

const VERSIONS = Object.keys(FORMER_VERSIONS) as FormerVersion[];

describe("an installation before 0.4", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase("own");
    await clear(database);
  });

  afterEach(() => database.dispose());

  test.each(VERSIONS.flatMap((version) => [[version, "public"] as const, [version, "shop"] as const]))(
    "of %s in the schema %s is carried over with every row; its shop stays where it is",
    async (version, schema) => {
      await installFormer(database.url, version, schema);
      const before = await readFormerRows(database.url, [schema]);
      const moved: string[] = [];
      const applied = await migrate(database.url, { onCarriedOver: (from) => moved.push(from) });
      expect(applied).toEqual([
        ...(await namesOf(loadFormerMigrations)).slice(FORMER_VERSIONS[version]),
        ...(await namesOf(loadMigrations)),
      ]);
      expect(moved).toEqual([schema]);

      const after = await readFormerRows(database.url, [schema, "bulk"]);
      expect(after).toMatchObject(before);
      expect(Object.keys(await readFormerRows(database.url, [schema]))).toEqual([
        "customers",
        "line_items",
        "orders",
        "products",
      ]);
      expect(await findDrift(database.url)).toBe("");
      expect(await describeSchema(database.url)).toEqual(await describeFreshSchema());
      expect(await migrate(database.url)).toEqual([]);
    },
  );

  test("is left as it is when a table cannot be moved, and says why", async () => {
    await installFormer(database.url, "0.3", "public");
    await database.query("CREATE SCHEMA bulk; CREATE TABLE bulk.webhook_endpoints (id int)");
    const before = await readFormerRows(database.url, ["public"]);
    await expect(migrate(database.url)).rejects.toThrow(
      /could not be moved from the schema public to bulk: .*"webhook_endpoints" already exists.*Nothing was moved/s,
    );
    expect(await readFormerRows(database.url, ["public"])).toEqual(before);
    await database.query("DROP TABLE bulk.webhook_endpoints");
    expect(await migrate(database.url)).toEqual(await namesOf(loadMigrations));
  });

  test("is refused where there are two, rather than one being forgotten", async () => {
    await installFormer(database.url, "0.2", "public");
    await installFormer(database.url, "0.3", "shop");
    await expect(migrate(database.url)).rejects.toThrow(
      /Several schemas have tables of an earlier version: public, shop/,
    );
  });

  test("of another owner is refused, rather than begun anew beside it", async () => {
    await installFormer(database.url, "0.3", "public");
    const role = `reader_${database.name}`;
    await database.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 's3cret'; CREATE SCHEMA bulk AUTHORIZATION ${role}`,
    );
    const url = new URL(database.url);
    [url.username, url.password] = [role, "s3cret"];
    await expect(migrate(url.href)).rejects.toThrow("Migrate as the owner of these tables");
    await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
});

test.each(VERSIONS)("a bulk action that was pending in %s goes on after the upgrade", async (version) => {
  async function upgrade(database: TestDatabase): Promise<void> {
    await clear(database);
    await installFormer(database.url, version, "public");
    await migrate(database.url);
    await createSampleShop(database.url);
  }
  await using service = await openTestService(
    { SWEEP_INTERVAL_MS: "200" },
    { host: "own", prepare: upgrade },
  );
  await service.database.query("UPDATE bulk.bulk_actions SET updated_at = now() - interval '1 hour'");
  await service.startWorker({ SWEEP_INTERVAL_MS: "200" });

  expect(await service.finished(FORMER.token, FORMER.open)).toMatchObject({ status: "completed" });
  expect(await countReasons(service.database, FORMER.open)).toEqual({ "record.in_use": 2 });
  expect(await service.database.query("SELECT FROM products")).toHaveLength(2);
  const ended = await service.retrieve(FORMER.token, FORMER.ended);
  expect(ended.skipped_record_ids).toEqual(ended.record_ids.slice(1, 3));
  const retry = await service.request(FORMER.token, `/v1/bulk_actions/${FORMER.ended}/retry`, {
    method: "POST",
  });
  expect(await retry.json()).toMatchObject({ record_ids: ended.record_ids.slice(3) });
});

async function namesOf(load: typeof loadMigrations): Promise<readonly string[]> {
  return (await load(PRISMA_DIRECTORY)).map(({ name }) => name);
}

/** Leaves the database without tables. */
async function clear(database: TestDatabase): Promise<void> {
  await database.query("DROP SCHEMA bulk, public CASCADE; CREATE SCHEMA public");
}

/** What `findDrift` does not see as well: constraints, functions and how columns are stored. */
async function describeSchema(url: string): Promise<unknown> {
  return await withMigrationConnection(url, async (connection) => {
    const { rows } = await connection.query(`
      SELECT 'constraint' AS kind, conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS what
      FROM pg_constraint WHERE connamespace = 'bulk'::regnamespace
      UNION ALL
      SELECT 'column', concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attstorage,
        pg_get_expr(adbin, adrelid))
      FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE relnamespace = 'bulk'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
      UNION ALL
      SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'bulk'
      UNION ALL
      SELECT 'function', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'bulk'::regnamespace
      ORDER BY 1, 2`);
    return rows;
  });
}

async function describeFreshSchema(): Promise<unknown> {
  const fresh = await createTestDatabase("own");
  try {
    return await describeSchema(fresh.url);
  } finally {
    await fresh.dispose();
  }
}
