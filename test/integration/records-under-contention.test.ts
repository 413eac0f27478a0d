import pg from "pg";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { countReasons } from "../support/reasons.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

describe("an order line that arrives while its product's chunk is running", () => {
  test("keeps the product, which is skipped as in use; the rest of the chunk is deleted", async () => {
    await using service = await openTestService();
    const { token, accountId, productIds } = await service.fillShop({ products: 100 });
    const [sold = ""] = productIds.slice(50);
    await using shopper = await connect(service);
    await shopper.client.query("BEGIN");
    await placeOrder(shopper.client, accountId, sold);

    const { id } = await service.submit(token, "delete_products", productIds);
    await service.startWorker({ LOCK_TIMEOUT_MS: "30000" });
    // The statement has seen no order line, and now waits for the product.
    await eventually(() => expectWaiting(service));
    await shopper.client.query("COMMIT");

    const ended = await service.finished(token, id);
    expect(ended).toMatchObject({ status: "completed", skipped_record_ids: [sold] });
    expect(await countReasons(service.database, id)).toEqual({ "record.in_use": 1 });
    expect(await service.database.query("SELECT id FROM products")).toEqual([{ id: sold }]);
    expect(await service.database.query("SELECT product_id FROM line_items")).toEqual([{ product_id: sold }]);
  });
});

describe("a record that cannot be deleted", () => {
  test.each([1, 10])(
    "fails alone, and every other record of its chunk is deleted: %d of 300",
    async (count) => {
      await using service = await openTestService();
      const { token, productIds } = await service.fillShop({ products: 300 });
      const bad = productIds.filter((_, index) => index % (300 / count) === 0);
      await refuseDeletionOf(service, bad);
      await service.startWorker();

      const { id } = await service.submit(token, "delete_products", productIds);

      expect(await service.finished(token, id)).toMatchObject({
        status: "completed",
        skipped_record_ids: [],
      });
      expect(await countReasons(service.database, id)).toEqual({ "record.internal_error": count });
      expect(await failedIds(service, id)).toEqual(bad);
      expect(await remaining(service)).toEqual([...bad].sort());
    },
  );

  test("fails with all others when all are refused, and the bulk action still ends", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 20 });
    await refuseDeletionOf(service, productIds);
    await service.startWorker();

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await failedIds(service, id)).toEqual(productIds);
  });

  test("because a table the action does not know refers to it fails as a conflict, alone", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 40 });
    const [wished = ""] = productIds.slice(11);
    await service.database.query(
      "CREATE TABLE wishes (product_id uuid NOT NULL REFERENCES products ON DELETE RESTRICT)",
    );
    await service.database.query("INSERT INTO wishes VALUES ($1)", [wished]);
    await service.startWorker();

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await countReasons(service.database, id)).toEqual({ "record.conflict": 1 });
    expect(await remaining(service)).toEqual([wished]);
  });
});

describe("a record that somebody else holds locked", () => {
  test("is tried again until it is free, and then deleted", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 30 });
    await using holder = await connect(service);
    await holder.client.query("BEGIN");
    await holder.client.query("UPDATE products SET name = 'held' WHERE id = $1", [productIds[3]]);
    await service.startWorker({ LOCK_TIMEOUT_MS: "100" });

    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => {
      const [chunk] = await service.database.query<{ attempts: number; last_error: string }>(
        "SELECT attempts, last_error FROM bulk.bulk_action_chunks WHERE attempts > 0",
      );
      expect(chunk?.last_error).toContain("55P03");
    });
    await holder.client.query("COMMIT");

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await remaining(service)).toEqual([]);
  });

  test("fails as locked, alone, when it stays so", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 30 });
    const held = String(productIds[17]);
    await using holder = await connect(service);
    await holder.client.query("BEGIN");
    await holder.client.query("UPDATE products SET name = 'held' WHERE id = $1", [held]);
    await service.startWorker({ LOCK_TIMEOUT_MS: "50" });

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id, 60_000)).toMatchObject({ status: "completed" });
    expect(await countReasons(service.database, id)).toEqual({ "record.locked": 1 });
    await holder.client.query("COMMIT");
    expect(await remaining(service)).toEqual([held]);
  });

  test("in a deadlock with the chunk costs an attempt and no record", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 2 });
    const [first = "", second = ""] = [...productIds].sort();
    await using holder = await connect(service);
    await holder.client.query("SET deadlock_timeout = '1h'");
    await holder.client.query("BEGIN");
    await holder.client.query("UPDATE products SET name = 'held' WHERE id = $1", [second]);
    await service.startWorker({ LOCK_TIMEOUT_MS: "30000" });

    const { id } = await service.submit(token, "delete_products", productIds);
    // The chunk has the first product and waits for the second; now the circle closes.
    await eventually(() => expectWaiting(service));
    await holder.client.query("UPDATE products SET name = 'held' WHERE id = $1", [first]);
    await holder.client.query("COMMIT");

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await remaining(service)).toEqual([]);
  });
});

describe("records that take long to delete", () => {
  test("are deleted in smaller numbers after a statement time-out, then in full numbers again", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "64" });
    const { token, productIds } = await service.fillShop({ products: 64 });
    await slowDown(service.database, "ROW", 0.1);
    await keepDiary(service);
    await service.startWorker({ STATEMENT_TIMEOUT_MS: "1000" });

    const { id } = await service.submit(token, "delete_products", productIds);

    await eventually(async () => {
      expect((await readDiary(service)).at(-1)).toMatchObject({ done_count: 8 });
    }, 30_000);
    await service.database.query("DROP TRIGGER be_slow ON products");

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await remaining(service)).toEqual([]);
    const slices = (await readDiary(service)).map(({ slice_size }) => slice_size);
    expect(slices.slice(0, 3)).toEqual([32, 16, 8]);
    // Whatever was tried in between, it ends with no limit but the chunk's own size.
    expect(slices.at(-1)).toBeNull();
  });

  test("cost a time-out once, not in every chunk", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "40", WINDOW: "1" });
    const { token, productIds } = await service.fillShop({ products: 240 });
    // A whole chunk takes longer than it may, half of one does not.
    await slowDown(service.database, "ROW", 0.01);
    await service.startWorker({ STATEMENT_TIMEOUT_MS: "300" });

    const { id } = await service.submit(token, "delete_products", productIds);

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    const chunks = await service.database.query<{ was_slow: boolean }>(
      "SELECT last_error IS NOT NULL AS was_slow FROM bulk.bulk_action_chunks",
    );
    expect(chunks).toHaveLength(6);
    // One; on a busy machine smaller ones may be too slow as well.
    expect(chunks.filter((chunk) => chunk.was_slow).length).toBeLessThan(4);
  });
});

// What each write left on the chunk.
async function keepDiary(service: TestService): Promise<void> {
  await service.database.query(
    "CREATE TABLE diary (entry serial PRIMARY KEY, slice_size integer, done_count integer)",
  );
  await service.database.query(`
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO diary (slice_size, done_count) VALUES (NEW.slice_size, NEW.done_count); RETURN NULL; END $$`);
  await service.database.query(
    "CREATE TRIGGER note AFTER UPDATE ON bulk.bulk_action_chunks FOR EACH ROW EXECUTE FUNCTION note()",
  );
}

async function readDiary(
  service: TestService,
): Promise<readonly { readonly slice_size: number | null; readonly done_count: number }[]> {
  return await service.database.query("SELECT slice_size, done_count FROM diary ORDER BY entry");
}

async function connect(service: TestService): Promise<AsyncDisposable & { readonly client: pg.Client }> {
  const client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
    },
  };
}

async function placeOrder(client: pg.Client, accountId: string, productId: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    "INSERT INTO orders (account_id) VALUES ($1) RETURNING id",
    [accountId],
  );
  await client.query("INSERT INTO line_items (order_id, product_id) VALUES ($1, $2)", [
    rows[0]?.id,
    productId,
  ]);
}

async function expectWaiting(service: TestService): Promise<void> {
  const waiting = await service.database.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'bulk-actions-worker'
       AND wait_event_type = 'Lock'`,
  );
  expect(waiting).not.toEqual([]);
}

async function refuseDeletionOf(service: TestService, ids: readonly string[]): Promise<void> {
  await service.database.query("CREATE TABLE untouchables (id uuid PRIMARY KEY)");
  await service.database.query("INSERT INTO untouchables SELECT unnest($1::uuid[])", [ids]);
  await service.database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF EXISTS (SELECT FROM untouchables WHERE id = OLD.id) THEN RAISE EXCEPTION 'not this one'; END IF;
      RETURN OLD; END $$`);
  await service.database.query(
    "CREATE TRIGGER refuse BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION refuse()",
  );
}

async function failedIds(service: TestService, bulkActionId: string): Promise<readonly string[]> {
  const rows = await service.database.query<{ id: string }>(
    `SELECT id FROM bulk.bulk_action_chunks, unnest(failed_ids) WITH ORDINALITY AS failed (id, ordinal)
     WHERE bulk_action_id = $1 ORDER BY position, ordinal`,
    [bulkActionId],
  );
  return rows.map((row) => row.id);
}

async function remaining(service: TestService): Promise<readonly string[]> {
  const rows = await service.database.query<{ id: string }>("SELECT id FROM products ORDER BY id");
  return rows.map((row) => row.id);
}
