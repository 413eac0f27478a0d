import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { listJournal } from "@bulk/store/journal/list-journal";
import { listPauses } from "@bulk/store/operations/pauses";
import { setThrottle } from "@bulk/store/operations/throttles";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { type TestRecords, writeRecordsFile } from "../support/records-file.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const LINE_ITEMS = "public.line_items (product_id) -> public.products (id) ON DELETE RESTRICT";
const GIFTS = "public.gifts (product_id) -> public.products (id) ON DELETE CASCADE";

function declare(expects: readonly string[]): RecordsFile["records"] {
  const order_lines = { table: "line_items", on: { product_id: "id" } };
  const protection = { code: "record.in_use", message: "It is on an order line.", related: "order_lines" };
  const customer = {
    table: "customers",
    key: { column: "id", type: "uuid" as const },
    account: { column: "account_id", type: "uuid" as const },
    actions: { delete_customers: { effect: "deleted", steps: [{ delete: "record" }] } },
  };
  return {
    customer,
    product: {
      table: "products",
      key: { column: "id", type: "uuid" },
      account: { column: "account_id", type: "uuid" },
      related: { order_lines },
      actions: {
        delete_products: {
          effect: "deleted",
          steps: [{ delete: "record" }],
          protections: [protection],
          expects: [...expects],
        },
      },
    },
  };
}

let records: TestRecords;
let service: TestService;
let operator: ReturnType<typeof openServiceDatabase>;

beforeEach(async () => {
  records = await writeRecordsFile(declare([LINE_ITEMS]));
  service = await openTestService({ RECORDS: records.path, CHUNK_SIZE: "100", SWEEP_INTERVAL_MS: "100" });
  operator = openServiceDatabase(service.database.url);
});

afterEach(async () => {
  await operator[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await records[Symbol.asyncDispose]();
});

const ADD_GIFTS = `
  CREATE TABLE gifts (product_id uuid REFERENCES products ON DELETE CASCADE);
  CREATE INDEX ON gifts (product_id);
  INSERT INTO gifts SELECT id FROM products`;

describe("a cascade that nobody declared", () => {
  test("stops the deletion at the moment it commits, says so everywhere, and goes on when it is declared", async () => {
    const { token, productIds } = await service.fillShop({ products: 5_000 });
    await throttle(500);
    const worker = await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => expect(await countDone()).toBeGreaterThan(0));

    await service.database.query(ADD_GIFTS);
    const given = await countRows("gifts");
    const [added] = await service.database.query<{ at: Date }>("SELECT clock_timestamp() AS at");
    const [hold] = await expectHeld();

    expect(hold).toMatchObject({
      scope: { kind: "declaration", actionType: "delete_products" },
      pausedBy: "the safety catch",
      reason: `not declared: ${GIFTS}`,
    });
    expect(Number(hold?.pausedAt) - Number(added?.at)).toBeLessThan(2_000);
    const check = `No chunk is begun of delete_products: not declared: ${GIFTS}`;
    expect(await readDeclarationCheck(service.opsUrl)).toMatchObject({ status: "warning", reason: check });
    expect(await readDeclarationCheck(worker.opsUrl)).toMatchObject({ status: "warning", reason: check });
    expect(await readPaused(token, id)).toMatchObject({ reason: `not declared: ${GIFTS}` });
    expect(await createDetailed(token)).toMatchObject({
      details: { paused: { since: expect.any(Number), reason: `not declared: ${GIFTS}` } },
    });
    const metrics = await (await fetch(`${worker.opsUrl}/metrics`)).text();
    expect(metrics).toContain('bulk_action_type_held{type="delete_products"} 1');
    const page = await (await fetch(`${service.opsUrl}/dashboard/bulk-actions/${id}`)).text();
    expect(page).toContain("public.gifts (product_id)");
    expect(await countRows("gifts")).toBe(given);
    expect(await countRows("products")).toBe(given);

    await records.write(declare([LINE_ITEMS, GIFTS]));
    await service.database.query("DELETE FROM bulk.throttles");
    await worker.stop();
    await service.startWorker();
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
    expect(await readPaused(token, id)).toBeNull();
    expect(await countRows("gifts")).toBe(0);
    expect(await listPauses(operator.database)).toEqual([]);
  });

  test("is in the journal once when it begins and once when it ends, however often workers renew the hold", async () => {
    const workers = [await service.startWorker(), await service.startWorker()];
    await service.database.query(
      "CREATE TABLE gifts (product_id uuid REFERENCES products ON DELETE CASCADE)",
    );
    await expectHeld();
    const read = () => service.database.query("SELECT expires_at, paused_at FROM bulk.pauses");
    const [first] = await read();
    await eventually(async () => {
      const [renewed] = await read();
      expect(Number(renewed?.["expires_at"]) - Number(first?.["expires_at"])).toBeGreaterThan(2_000);
      expect(renewed?.["paused_at"]).toEqual(first?.["paused_at"]);
    });
    const named = {
      by: "the safety catch",
      actionType: "delete_products",
      bulkActionId: null,
      accountId: null,
    };
    const hold = { ...named, kind: "hold", detail: `not declared: ${GIFTS}` };
    expect(await listJournal(operator.database, { limit: 10 })).toMatchObject([hold]);

    await service.database.query("DROP TABLE gifts");
    await eventually(async () => expect(await listPauses(operator.database)).toEqual([]));
    // They stop and renew nothing.
    for (const worker of workers) await worker.stop();
    const entries = await listJournal(operator.database, { limit: 10 });
    expect(entries).toMatchObject([{ ...named, kind: "let_go" }, hold]);
  });

  test("lets no chunk begin even before anybody has looked", async () => {
    const { token, productIds } = await service.fillShop({ products: 300 });
    await service.startWorker({ WORKER_CONCURRENCY: "1", WINDOW: "1" });
    const { id } = await service.submit(token, "delete_products", productIds.slice(0, 100));
    await service.finished(token, id);

    await service.database.query(ADD_GIFTS);
    const second = await service.submit(token, "delete_products", productIds.slice(100));
    await expectHeld();

    expect(await countRows("gifts")).toBe(200);
    await service.database.query("DROP TABLE gifts");
    expect(await service.finished(token, second.id)).toMatchObject({ status: "succeeded" });
    await eventually(async () => expect(await listPauses(operator.database)).toEqual([]));
  });
});

test.each([
  [
    "a key that protects is dropped",
    "ALTER TABLE line_items DROP CONSTRAINT line_items_product_id_fkey",
    `declared and missing: ${LINE_ITEMS}`,
  ],
  [
    "a rule is changed",
    `ALTER TABLE line_items DROP CONSTRAINT line_items_product_id_fkey,
       ADD FOREIGN KEY (product_id) REFERENCES products ON DELETE CASCADE`,
    `not declared: ${LINE_ITEMS.replace("RESTRICT", "CASCADE")}; declared and missing: ${LINE_ITEMS}`,
  ],
  [
    "a trigger is added",
    `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
     CREATE TRIGGER watched BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION nothing()`,
    "not declared: TRIGGER watched ON public.products BEFORE DELETE ROW EXECUTE public.nothing",
  ],
])("when %s, the action type is held, and no other", async (_change, sql, reason) => {
  const { token, productIds, customerIds } = await service.fillShop({ products: 100, customers: 10 });
  await service.database.query(sql);
  await service.startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  const other = await service.submit(token, "delete_customers", customerIds);

  expect(await expectHeld()).toMatchObject([{ reason }]);
  expect(await service.finished(token, other.id)).toMatchObject({ status: "succeeded" });
  expect(await readAction(id)).toMatchObject({ done: 0 });
});

test("a change that leaves the expected lines alone stops nothing", async () => {
  const { token, productIds } = await service.fillShop({ products: 2_000 });
  await throttle(1_000);
  await service.startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  await eventually(async () => expect(await countDone()).toBeGreaterThan(0));

  await service.database.query(`
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER added BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION nothing()`);

  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  expect(await listPauses(operator.database)).toEqual([]);
});

async function throttle(recordsPerSecond: number): Promise<void> {
  await setThrottle(operator.database, { actionType: "delete_products", recordsPerSecond, setBy: "test" });
}

async function expectHeld() {
  return await eventually(async () => {
    const pauses = await listPauses(operator.database);
    expect(pauses).toHaveLength(1);
    return pauses;
  });
}

async function readDeclarationCheck(opsUrl: string): Promise<unknown> {
  const response = await fetch(`${opsUrl}/health/ready`);
  expect(response.status).toBe(200);
  const { checks } = (await response.json()) as { readonly checks: readonly { readonly name: string }[] };
  return checks.find(({ name }) => name === "declaration");
}

async function createDetailed(token: string): Promise<unknown> {
  const response = await service.request(token, "/v1/bulk_actions?expand[]=details", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(1) } }),
  });
  expect(response.status).toBe(200);
  return await response.json();
}

async function readPaused(token: string, id: string): Promise<unknown> {
  const response = await service.request(token, `/v1/bulk_actions/${id}?fields=id&expand[]=details`);
  const { details } = (await response.json()) as { readonly details: { readonly paused: unknown } };
  return details.paused;
}

async function countRows(table: string): Promise<number> {
  const [row] = await service.database.query<{ count: number }>(`SELECT count(*)::int FROM ${table}`);
  return row?.count ?? 0;
}

async function countDone(): Promise<number> {
  const [row] = await service.database.query<{ done: number }>(
    "SELECT sum(done_count)::int AS done FROM bulk.bulk_action_chunks",
  );
  return row?.done ?? 0;
}

async function readAction(id: string): Promise<{ readonly done: number }> {
  const [row] = await service.database.query<{ done: number }>(
    `SELECT (SELECT sum(done_count)::int FROM bulk.bulk_action_chunks WHERE bulk_action_id = id) AS done
     FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
  if (row === undefined) throw new Error(`There is no bulk action ${id}.`);
  return row;
}
