import { randomUUID } from "node:crypto";
import { describeBulkAction, toLines } from "@bulk/admin/output/describe-bulk-action";
import { applyNextChunk } from "@bulk/store/chunks/apply-chunk";
import { applyNextChunkCarefully } from "@bulk/store/chunks/careful-chunk";
import { openDatabase } from "@bulk/store/database";
import { readProgress } from "@bulk/store/watching/bulk-action-progress";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { countReasons } from "../support/reasons.ts";
import { deleteProducts } from "../support/registry.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/*
 * The shop's database has rules of its own: triggers, policies and constraints that the service knows nothing of.
 * What they do to a product is in the table `rules`; products without a row there are deleted like any other.
 */

let service: TestService;

beforeAll(async () => {
  // With the rules of this file, and no others.
  service = await openTestService({ CHUNK_SIZE: "100", LOCK_TIMEOUT_MS: "100" }, { host: "own" });
  await service.database.query(RULES);
  await service.startWorker();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

const RULES = `
  CREATE TABLE rules (id uuid PRIMARY KEY, rule text NOT NULL);
  GRANT SELECT ON rules TO public;
  CREATE FUNCTION obey_rule() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE found_rule text;
    BEGIN
      SELECT rule INTO found_rule FROM rules WHERE id = OLD.id;
      CASE COALESCE(found_rule, 'none')
        WHEN 'none' THEN RETURN OLD;
        WHEN 'veto' THEN RETURN NULL;
        WHEN 'soft' THEN UPDATE products SET name = 'deleted' WHERE id = OLD.id; RETURN NULL;
        ELSE RAISE EXCEPTION 'a rule of the shop' USING ERRCODE = found_rule;
      END CASE;
    END $$;
  CREATE TRIGGER obey_rule BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION obey_rule();
  CREATE TABLE wishes (product_id uuid REFERENCES products DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE late_rules (id uuid PRIMARY KEY, rule text NOT NULL);
  CREATE FUNCTION obey_late_rule() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE found_rule text;
    BEGIN
      SELECT rule INTO found_rule FROM late_rules WHERE id = OLD.id;
      IF found_rule LIKE 'at commit %' THEN
        SET CONSTRAINTS ALL DEFERRED;
        INSERT INTO last_words VALUES (right(found_rule, 5));
      ELSIF found_rule IS NOT NULL THEN
        RAISE EXCEPTION 'a late rule of the shop' USING ERRCODE = found_rule;
      END IF;
      RETURN NULL;
    END $$;
  CREATE CONSTRAINT TRIGGER obey_late_rule AFTER DELETE ON products DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION obey_late_rule();
  CREATE TABLE last_words (sqlstate text);
  CREATE FUNCTION have_last_word() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the last word' USING ERRCODE = NEW.sqlstate; END $$;
  CREATE CONSTRAINT TRIGGER have_last_word AFTER INSERT ON last_words DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION have_last_word();`;

describe("a trigger that raises for one product of a hundred", () => {
  const sqlstates = [
    ...["42501", "42P01", "3F000", "53100", "58030", "XX000", "28000", "08006"],
    ...["57P01", "25006", "26000", "P0001", "0A000", "40001", "55P03", "57014"],
  ];

  test.concurrent.each(sqlstates)("%s fails that product alone", async (sqlstate) => {
    const { token, productIds } = await service.fillShop({ products: 100 }, `raises ${sqlstate}`);
    const ruled = String(productIds[37]);
    await setRule(ruled, sqlstate);

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await countReasons(service.database, id)).toEqual({ [CODES[sqlstate] ?? INTERNAL]: 1 });
    expect(await remaining(productIds)).toEqual([ruled]);
    expect(await show(id)).toContain(`the database said ${sqlstate}`);
  });

  const INTERNAL = "record.internal_error";
  const CODES: Readonly<Record<string, string>> = {
    "40001": "record.conflict",
    "55P03": "record.locked",
    "57014": "record.timeout",
  };

  test("is the same when it is the last, and when it is one of many", async () => {
    const { token, productIds } = await service.fillShop({ products: 200 }, "raises often");
    const ruled = productIds.filter((_, index) => index === 99 || (index > 99 && index % 20 < 2));
    for (const id of ruled) await setRule(id, "42501");

    const { id } = await service.submit(token, "delete_products", productIds);

    await service.finished(token, id);
    expect(await countReasons(service.database, id)).toEqual({ "record.internal_error": ruled.length });
    expect(await remaining(productIds)).toEqual(ruled.toSorted());
  });
});

describe("an error that usually means the server, raised for every product of a bulk action", () => {
  test("is waited for, visibly, and no product fails if it passes", async () => {
    const { token, productIds } = await service.fillShop({ products: 4 }, "raises always");
    for (const id of productIds) await setRule(id, "53100");

    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => expect(await readChunk(id)).toMatchObject({ attempts: 2 }));
    expect(await readChunk(id)).toMatchObject({
      slice_size: 1,
      failed_count: 0,
      last_error: expect.stringContaining("53100"),
    });
    expect(await show(id)).toContain("the database said 53100 (server)");
    await service.database.query("DELETE FROM rules WHERE id = ANY($1)", [productIds]);

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  });

  test("fails them in the end", async () => {
    const { token, productIds } = await service.fillShop({ products: 4 }, "raises for ever");
    for (const id of productIds) await setRule(id, "53100");

    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => {
      expect((await readChunk(id))?.attempts).toBeGreaterThan(0);
      // Time passes: all waits but the last one are over.
      await service.database.query(
        "UPDATE bulk.bulk_action_chunks SET attempts = 6, not_before = now() WHERE bulk_action_id = $1",
        [id],
      );
    });

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await countReasons(service.database, id)).toEqual({ "record.internal_error": 4 });
  });
});

test("an error that comes without any record fails none, and is seen on the chunk until it is mended", async () => {
  await using own = await openTestService({}, { host: "own" });
  const { token, productIds } = await own.fillShop({ products: 30 });
  await own.database.query("ALTER TABLE line_items RENAME TO order_lines");
  await own.startWorker();

  const { id } = await own.submit(token, "delete_products", productIds);
  await eventually(async () => expect((await readChunk(id, own))?.last_error).toContain("42P01"));
  expect(await readChunk(id, own)).toMatchObject({ attempts: 0, slice_size: null, done_count: 0 });
  await own.database.query("ALTER TABLE order_lines RENAME TO line_items");

  expect(await own.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
});

describe("a refusal that comes at the end of the transaction", () => {
  test("of a deferred foreign key costs only the record it is about", async () => {
    const { token, productIds } = await service.fillShop({ products: 100 }, "wishes");
    const wished = String(productIds[50]);
    await service.database.query("INSERT INTO wishes VALUES ($1)", [wished]);

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await countReasons(service.database, id)).toEqual({ "record.conflict": 1 });
    expect(await remaining(productIds)).toEqual([wished]);
  });

  test.concurrent.each([
    ["a deferred trigger", "P0001", "P0001"],
    ["a deferred trigger that claims that the server is broken", "XX000", "XX000"],
    ["a trigger that nothing but the COMMIT itself runs", "at commit 23503", "23503"],
    [
      "a trigger that only the COMMIT runs, and that claims that the server is full",
      "at commit 53100",
      "53100",
    ],
  ])("of %s as well", async (name, rule, sqlstate) => {
    const { token, productIds } = await service.fillShop({ products: 100 }, name);
    const ruled = String(productIds[50]);
    await service.database.query("INSERT INTO late_rules VALUES ($1, $2)", [ruled, rule]);

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await remaining(productIds)).toEqual([ruled]);
    expect(await show(id)).toContain(`the database said ${sqlstate}`);
  });
});

describe("a record that the database's own rules keep", () => {
  test.each(["veto", "soft"])("by a trigger (%s) is skipped as kept, and no other is", async (rule) => {
    const { token, productIds } = await service.fillShop({ products: 100, inUse: 3 }, `keeps: ${rule}`);
    const free = productIds.slice(3);
    const kept = free.slice(10, 20);
    for (const id of kept) await setRule(id, rule);
    const unknown = randomUUID();

    const { id } = await service.submit(token, "delete_products", [...productIds, unknown]);
    const ended = await service.finished(token, id);

    expect(ended.status).toBe("completed");
    expect(ended.skipped_record_ids).toEqual(expect.arrayContaining([...kept, unknown]));
    expect(await countReasons(service.database, id)).toEqual({
      "record.kept": 10,
      "record.in_use": 3,
      "record.not_found": 1,
    });
    expect(await readRecord(token, id, kept[0])).toMatchObject({
      code: "record.kept",
      retriable: false,
      message: "A trigger or policy of the database kept the record.",
    });
  });

  test("by a policy is skipped as kept", async () => {
    await using own = await openTestService({}, { host: "own" });
    const { token, productIds } = await own.fillShop({ products: 20 });
    const role = `lowly_${randomUUID().replaceAll("-", "")}`;
    const url = new URL(own.database.url);
    [url.username, url.password] = [role, "secret"];
    await own.database.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'secret';
      GRANT USAGE ON SCHEMA bulk TO ${role};
      GRANT ALL ON ALL TABLES IN SCHEMA bulk, public TO ${role};
      ALTER TABLE products ENABLE ROW LEVEL SECURITY;
      CREATE POLICY see ON products FOR SELECT USING (true);
      CREATE POLICY remove ON products FOR DELETE USING (id <> '${productIds[7]}')`);
    const database = openDatabase({
      url: url.href,
      applicationName: "lowly",
      poolSize: 1,
      lockTimeoutMs: 1_000,
      statementTimeoutMs: 10_000,
    });
    try {
      const { id } = await own.submit(token, "delete_products", productIds);
      const source = { bulkActionId: id, actionType: deleteProducts.type, generation: 1 };
      await expect(applyNextChunk(database, source, deleteProducts)).rejects.toThrow("nothing explains");
      expect(await applyNextChunkCarefully(database, source, deleteProducts)).toMatchObject({
        report: { applied: 19, skipped: 1 },
      });
      expect(await countReasons(own.database, id)).toEqual({ "record.kept": 1 });
    } finally {
      await database.$disconnect();
      await own.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test("is told apart from one that somebody else deletes while its chunk runs", async () => {
    const { token, productIds } = await service.fillShop({ products: 20 }, "races");
    const holder = new pg.Client({ connectionString: service.database.url });
    await holder.connect();
    try {
      await holder.query("BEGIN");
      await holder.query("DELETE FROM products WHERE id = $1", [productIds[3]]);
      const { id } = await service.submit(token, "delete_products", productIds);
      await eventually(async () => expect((await readChunk(id))?.attempts).toBeGreaterThan(0));
      await holder.query("COMMIT");
      await service.finished(token, id);
      expect(await countReasons(service.database, id)).toEqual({ "record.not_found": 1 });
    } finally {
      await holder.end();
    }
  });
});

describe("a lock on a whole table", () => {
  test.each([
    ["products", "SHARE", "delete_products"],
    ["line_items", "ACCESS EXCLUSIVE", "delete_products"],
    // A customer's orders are changed with it.
    ["orders", "SHARE ROW EXCLUSIVE", "delete_customers"],
  ])("%s, in %s mode, is waited for by %s and costs no attempt", async (table, mode, actionType) => {
    const shop = await service.fillShop({ products: 30, customers: 30 }, `locks ${table}`);
    const ids = actionType === "delete_products" ? shop.productIds : shop.customerIds;
    const holder = new pg.Client({ connectionString: service.database.url });
    await holder.connect();
    try {
      await holder.query("BEGIN");
      await holder.query(`LOCK TABLE ${table} IN ${mode} MODE`);
      const { id } = await service.submit(shop.token, actionType, ids);
      await waitForTries(id, 3);
      expect(await readChunk(id)).toMatchObject({ attempts: 0, slice_size: null, failed_count: 0 });
      expect(await show(id)).toContain(`the table ${table} was locked`);
      await holder.query("COMMIT");

      expect(await service.finished(shop.token, id)).toMatchObject({
        ...{ status: "succeeded", skipped_record_ids: [] },
      });
    } finally {
      await holder.end();
    }
  });
});

async function setRule(id: string, rule: string): Promise<void> {
  await service.database.query("INSERT INTO rules VALUES ($1, $2)", [id, rule]);
}

type Chunk = {
  readonly attempts: number;
  readonly slice_size: number | null;
  readonly done_count: number;
  readonly failed_count: number;
  readonly last_error: string | null;
  readonly not_before: string;
};

async function readChunk(bulkActionId: string, { database } = service): Promise<Chunk | undefined> {
  const [chunk] = await database.query<Chunk>(
    `SELECT attempts, slice_size, done_count, failed_count, last_error, not_before::text
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 ORDER BY position LIMIT 1`,
    [bulkActionId],
  );
  return chunk;
}

// Each failed try puts the next one off.
async function waitForTries(bulkActionId: string, count: number): Promise<void> {
  const moments = new Set<string>();
  await eventually(async () => {
    const chunk = await readChunk(bulkActionId);
    if (chunk?.last_error) moments.add(chunk.not_before);
    expect(moments.size).toBeGreaterThanOrEqual(count);
  });
}

async function remaining(productIds: readonly string[]): Promise<readonly string[]> {
  const rows = await service.database.query<{ id: string }>(
    "SELECT id FROM products WHERE id = ANY($1) ORDER BY id",
    [productIds],
  );
  return rows.map((row) => row.id);
}

/** What `pnpm admin action show` prints of it. */
async function show(bulkActionId: string): Promise<string> {
  const database = openDatabase({
    url: service.database.url,
    applicationName: "show",
    poolSize: 1,
    lockTimeoutMs: 1_000,
    statementTimeoutMs: 10_000,
  });
  try {
    const [{ account_id: accountId } = { account_id: "" }] = await service.database.query<{
      account_id: string;
    }>("SELECT account_id FROM bulk.bulk_actions WHERE id = $1", [bulkActionId]);
    const [progress] = await readProgress(database, [{ id: bulkActionId, accountId }]);
    if (progress === undefined) throw new Error("It is gone.");
    return toLines(await describeBulkAction(database, progress)).join("\n");
  } finally {
    await database.$disconnect();
  }
}

async function readRecord(token: string, bulkActionId: string, recordId: string | undefined) {
  const response = await service.request(token, `/v1/bulk_actions/${bulkActionId}/records?limit=100`);
  const { data } = (await response.json()) as { data: readonly { readonly record_id: string }[] };
  return data.find((record) => record.record_id === recordId);
}
