import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeclaredService, openDeclaredService } from "../support/declared-service.ts";
import { startProgram } from "../support/program.ts";
import { countReasons } from "../support/reasons.ts";

const TABLES = `
  CREATE SCHEMA shop;
  CREATE TABLE shop."Größe; x" (
    "Id" bigint PRIMARY KEY, "record_id" text, "account_id" text, "Gelöscht" timestamptz);
  CREATE TABLE shop.article (sku text COLLATE "C" PRIMARY KEY, deleted_at date);
  CREATE TABLE shop.article_channel (sku text REFERENCES shop.article, channel int, removed_at timestamptz, PRIMARY KEY (sku, channel));
  CREATE TABLE shop.category (
    id smallint PRIMARY KEY, parent_id smallint REFERENCES shop.category, hidden boolean NOT NULL DEFAULT false,
    locked boolean NOT NULL DEFAULT false);
  CREATE INDEX ON shop.category (parent_id);`;

const OF_ACCOUNT: RecordDeclaration = {
  schema: "shop",
  table: "Größe; x",
  key: { column: "Id", type: "bigint" },
  account: { column: "account_id", type: "text" },
  alive: `"Gelöscht" IS NULL AND record_id IS DISTINCT FROM 'none'`,
  actions: {
    mark_sizes: {
      effect: "marked",
      steps: [{ update: "record", set: { Gelöscht: { now: "UTC" } } }],
    },
  },
};

const OF_JOIN: RecordDeclaration = {
  schema: "shop",
  table: "article",
  key: { column: "sku", type: "text" },
  account: {
    join: {
      table: "article_channel",
      record: { sku: "sku" },
      account: "channel",
      type: "integer",
      where: "removed_at IS NULL",
    },
  },
  alive: "deleted_at IS NULL",
  related: { channels: { table: "article_channel", on: { sku: "sku" } } },
  actions: {
    delete_articles: {
      effect: "deleted",
      steps: [{ delete: "channels" }, { delete: "record" }],
    },
  },
};

const OF_NOBODY: RecordDeclaration = {
  schema: "shop",
  table: "category",
  key: { column: "id", type: "smallint" },
  account: "none",
  alive: "NOT hidden",
  related: {
    branches: { table: "category", on: { parent_id: "id" }, where: "NOT hidden", recursive: true },
    locked: { table: "category", of: "branches", on: { parent_id: "id" }, where: "locked" },
  },
  actions: {
    hide_categories: {
      effect: "hidden",
      steps: [
        { update: "branches", set: { hidden: true } },
        { update: "record", set: { hidden: true } },
      ],
      protections: [{ code: "record.holds_lock", message: "A branch is locked.", related: "locked" }],
    },
  },
};

let service: DeclaredService;

beforeAll(async () => {
  service = await openDeclaredService(
    TABLES,
    { records: { size: OF_ACCOUNT, article: OF_JOIN, category: OF_NOBODY } },
    { CHUNK_SIZE: "4" },
  );
  await service.startWorker();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

test("without accounts in the shop, a tree is changed from a record down to its last branch, a cycle included", async () => {
  const { token } = await service.openAccount();
  // 1 → 2 → … → 20, and 30 → 31 → 30.
  await service.database.query(`
    INSERT INTO shop.category SELECT n, NULL FROM generate_series(1, 20) AS n;
    INSERT INTO shop.category VALUES (30), (31), (40);
    UPDATE shop.category SET parent_id = id - 1 WHERE id BETWEEN 2 AND 20 OR id = 31;
    UPDATE shop.category SET parent_id = 31 WHERE id = 30;
    INSERT INTO shop.category VALUES (60, NULL), (61, 60), (62, 61);
    INSERT INTO shop.category VALUES (63, 62, false, true);`);

  const { id } = await service.submit(token, "hide_categories", ["5", "30", "99", "60"]);

  expect(await service.finished(token, id)).toMatchObject({
    status: "completed",
    skipped_record_ids: ["99", "60"],
  });
  expect(await countReasons(service.database, id)).toEqual({ "record.not_found": 1, "record.holds_lock": 1 });
  const shown = await service.database.query<{ id: number }>(
    "SELECT id FROM shop.category WHERE NOT hidden ORDER BY id",
  );
  expect(shown.map((row) => row.id)).toEqual([1, 2, 3, 4, 40, 60, 61, 62, 63]);
});

test("without accounts in the shop, a second account stops all: new bulk actions, retries, and those that are accepted", async () => {
  const { token } = await service.openAccount();
  await service.database.query("INSERT INTO shop.category VALUES (50)");
  const other = await service.openAccount();
  await expect(service.submit(token, "hide_categories", ["50"])).rejects.toThrow(
    "bulk_action.several_accounts",
  );
  await expect(service.submit(other.token, "hide_categories", ["50"])).rejects.toThrow("409");

  // As accepted before the second account was created.
  const ended = await writeBulkAction(other.accountId, "canceled");
  const retry = await service.request(other.token, `/v1/bulk_actions/${ended}/retry`, { method: "POST" });
  expect(retry.status).toBe(409);
  expect(await retry.json()).toMatchObject({ code: "bulk_action.several_accounts" });
  expect(await retryAsOperator(ended)).toMatch(/there are several accounts/);
  const id = await writeBulkAction(other.accountId);

  expect(await service.finished(other.token, id)).toMatchObject({
    status: "invalid",
    skipped_record_ids: ["50"],
  });
});

describe("a record belongs to an account", () => {
  test("whose key is in its column, however odd the names are", async () => {
    const { token, accountId } = await service.openAccount("it's „Nord“");
    const other = await service.openAccount();
    await service.database.query(
      `INSERT INTO shop."Größe; x" SELECT 9000000000000000000 + n, NULL, CASE WHEN n % 2 = 0 THEN $1 ELSE $2 END
       FROM generate_series(1, 10) AS n`,
      ["it's „Nord“", other.accountId],
    );
    const ids = Array.from({ length: 10 }, (_, index) =>
      String(9_000_000_000_000_000_000n + BigInt(index + 1)),
    );

    const { id } = await service.submit(token, "mark_sizes", ids);

    const odd = ids.filter((_, index) => index % 2 === 0);
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: odd });
    const own = await service.submit(other.token, "mark_sizes", odd);
    expect(await service.finished(other.token, own.id)).toMatchObject({ status: "succeeded" });
    expect(accountId).not.toBe(other.accountId);
  });

  test("whose key a join table names, and to several if it names several", async () => {
    const { token } = await service.openAccount("1");
    const { token: other } = await service.openAccount("2");
    await service.database.query(`
      INSERT INTO shop.article VALUES ('a,b'), ('"q"'), ('{x}'), ('back\\slash'), ('both');
      INSERT INTO shop.article_channel VALUES ('a,b', 1), ('"q"', 1), ('{x}', 2), ('back\\slash', 2), ('both', 1), ('both', 2);`);
    const ids = ["a,b", '"q"', "{x}", "back\\slash", "both", "NULL"];

    const { id } = await service.submit(token, "delete_articles", ids);

    expect(await service.finished(token, id)).toMatchObject({
      status: "succeeded",
      skipped_record_ids: ["{x}", "back\\slash", "NULL"],
    });
    expect(await countReasons(service.database, id)).toEqual({ "record.not_found": 3 });
    const rest = await service.submit(other, "delete_articles", ids);
    expect(await service.finished(other, rest.id)).toMatchObject({
      status: "succeeded",
      skipped_record_ids: ["a,b", '"q"', "both", "NULL"],
    });
    expect(await service.database.query("SELECT FROM shop.article_channel")).toEqual([]);
  });

  test("whose key only a removed row of the join table names owns nothing", async () => {
    const { token } = await service.openAccount("3");
    await service.database.query(`
      INSERT INTO shop.article VALUES ('kept'); INSERT INTO shop.article_channel VALUES ('kept', 3, now());`);
    const { id } = await service.submit(token, "delete_articles", ["kept"]);
    expect(await service.finished(token, id)).toMatchObject({ status: "invalid" });
    await service.database.query("DELETE FROM shop.article_channel");
  });

  test("an account whose key has another type than the column owns nothing", async () => {
    const { token } = await service.openAccount("one");
    await service.database.query(`
      INSERT INTO shop.article VALUES ('x'); INSERT INTO shop.article_channel VALUES ('x', 1);`);
    const { id } = await service.submit(token, "delete_articles", ["x"]);
    expect(await service.finished(token, id)).toMatchObject({ status: "invalid" });
  });
});

/** Returns what the command prints. */
async function retryAsOperator(id: string): Promise<string> {
  const environment = { DATABASE_URL: service.database.url, RECORDS: service.file };
  await using program = startProgram("apps/admin/src/main.ts", environment, ["action", "retry", id]);
  expect((await program.exited()).code).not.toBe(0);
  return program.output();
}

/** As if an earlier version had accepted it; nothing of a canceled one was attempted. */
async function writeBulkAction(accountId: string, state: "open" | "canceled" = "open"): Promise<string> {
  const [row] = await service.database.query<{ id: string }>(
    `WITH action AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, updated_at, status, finished_at)
       SELECT $1, 'hide_categories', 1, now() - interval '1 minute',
         CASE WHEN $2 THEN 'completed' ELSE 'pending' END, CASE WHEN $2 THEN now() END
       RETURNING id),
     chunks AS (
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, text_ids, record_count, finished_at)
       SELECT id, 0, '{50}', 1, CASE WHEN $2 THEN now() END FROM action)
     SELECT id FROM action`,
    [accountId, state === "canceled"],
  );
  return String(row?.id);
}
