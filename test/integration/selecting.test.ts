import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { openDeclaredService } from "../support/declared-service.ts";
import { eventually } from "../support/eventually.ts";
import { countReasons } from "../support/reasons.ts";
import { expectNothingWritten } from "../support/refusal.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const BEFORE_2022 = { created_at: { lt: "2022-01-01T00:00:00Z" } };

describe("a bulk action on the records that a filter selects", () => {
  test("has those that match when it is created, of its account, in the order of their ids", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "7" });
    const shop = await openShop(service, 40);
    const other = await service.fillShop({ customers: 5 }, "other");
    await makeOld(service, [...shop.old, ...other.customerIds]);

    const created = await submit(service, shop.token, { filter: BEFORE_2022, max_records: 40 });
    await makeOld(service, shop.young.slice(0, 3));

    expect(created).toMatchObject({ status: "pending", record_ids: shop.old, skipped_record_ids: [] });
    expect(await readPositions(service, created.id)).toEqual([0, 7, 14]);
    await service.startWorker();
    const ended = await service.finished(shop.token, created.id);
    expect(ended).toMatchObject({ status: "succeeded", record_ids: shop.old, skipped_record_ids: [] });
    expect(await listCustomers(service)).toEqual([...shop.young, ...other.customerIds].sort());
  });

  test("skips a record that matched when it was created and does not any more, and it ends as completed", async () => {
    await using service = await openTestService();
    const { token, old } = await openShop(service, 10);
    await makeOld(service, old);
    const filter = { ...BEFORE_2022, orders: { exists: false } };
    const { id } = await submit(service, token, { filter, max_records: 10 });
    const [renewed = "", ordering = "", gone = ""] = old;
    await service.database.query("UPDATE customers SET created_at = now() WHERE id = $1", [renewed]);
    await service.database.query(
      "INSERT INTO orders (account_id, customer_id) SELECT account_id, id FROM customers WHERE id = $1",
      [ordering],
    );
    await service.database.query("DELETE FROM customers WHERE id = $1", [gone]);

    await service.startWorker();

    const ended = await service.finished(token, id);
    expect(ended).toMatchObject({ status: "completed", skipped_record_ids: [renewed, ordering, gone] });
    expect(await countReasons(service.database, id)).toEqual({
      "record.no_longer_matches": 2,
      "record.not_found": 1,
    });
    expect(await listSkipped(service, token, id)).toEqual([
      { record_id: renewed, code: "record.no_longer_matches", message: NO_LONGER, retriable: false },
      { record_id: ordering, code: "record.no_longer_matches", message: NO_LONGER, retriable: false },
      expect.objectContaining({ record_id: gone, code: "record.not_found" }),
    ]);
    expect(await listCustomers(service)).toEqual(expect.arrayContaining([renewed, ordering]));
  });

  test("skips a record that another session changes while the chunk waits for it", async () => {
    await using service = await openTestService();
    const { token, old } = await openShop(service, 10);
    await makeOld(service, old);
    const { id } = await submit(service, token, { filter: BEFORE_2022, max_records: 10 });
    const client = new pg.Client({ connectionString: service.database.url });
    await client.connect();
    await client.query("BEGIN");
    await client.query("UPDATE customers SET created_at = now() WHERE id = $1", [old[2]]);

    await service.startWorker({ LOCK_TIMEOUT_MS: "60000", STATEMENT_TIMEOUT_MS: "120000" });
    await eventually(async () => {
      const [{ count } = { count: 0 }] = await service.database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'bulk-actions-worker' AND wait_event_type = 'Lock'`,
      );
      expect(count).toBeGreaterThan(0);
    });
    await client.query("COMMIT");
    await client.end();

    expect(await service.finished(token, id)).toMatchObject({
      status: "completed",
      skipped_record_ids: [old[2]],
    });
    expect(await countReasons(service.database, id)).toEqual({ "record.no_longer_matches": 1 });
  });

  test("does not list its ids if there are more than a body may have, and handles all of them", async () => {
    await using service = await openTestService({ MAX_RECORD_IDS: "5", CHUNK_SIZE: "4" });
    const { token, old } = await openShop(service, 30);
    await makeOld(service, old);
    await service.startWorker();
    const created = await submit(service, token, {
      filter: BEFORE_2022,
      max_records: 15,
      expected_count: 15,
    });
    expect(created.record_ids).toEqual([]);
    expect(await service.finished(token, created.id)).toMatchObject({ status: "succeeded", record_ids: [] });
    expect(await listCustomers(service)).toHaveLength(15);
  });

  test("is canceled, retried with its filter, and restored like any other", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "4" });
    const { token, old } = await openShop(service, 20);
    await makeOld(service, old);
    const before = await readCustomers(service);
    const first = await submit(service, token, { filter: BEFORE_2022, max_records: 10 });
    expect(await act(service, token, first.id, "cancel")).toMatchObject({ status: "completed" });
    const [renewed = ""] = old;
    await service.database.query("UPDATE customers SET created_at = '2024-01-01' WHERE id = $1", [renewed]);

    const retry = await act(service, token, first.id, "retry");
    expect(retry.record_ids).toEqual(old);
    await service.startWorker();
    expect(await service.finished(token, retry.id)).toMatchObject({
      status: "completed",
      skipped_record_ids: [renewed],
    });
    expect(await countReasons(service.database, retry.id)).toEqual({ "record.no_longer_matches": 1 });

    const restore = await act(service, token, retry.id, "restore");
    expect(restore.record_ids).toEqual(old.slice(1));
    expect(await service.finished(token, restore.id)).toMatchObject({ status: "succeeded" });
    await service.database.query("UPDATE customers SET created_at = '2021-01-01' WHERE id = $1", [renewed]);
    expect(await readCustomers(service)).toEqual(before);
  });

  test("counts a record as changed whose change ends that it matches", async () => {
    await using service = await openDeclaredService(SIZES, { records: { size: sizes(BY_ACTIVE) } });
    const { token } = await service.openAccount();
    await service.startWorker();
    const content = { action_type: "retire_sizes", filter: { active: { eq: true } }, max_records: 9 };
    const { id } = await submit(service, token, content);
    // A trigger of the shop has undone the change of the second one.
    expect(await service.finished(token, id)).toMatchObject({
      status: "completed",
      skipped_record_ids: ["2"],
    });
    expect(await countReasons(service.database, id)).toEqual({ "record.kept": 1 });
  });

  test("stays untouched while its filter is not declared any more, and the turn says what to do", async () => {
    await using service = await openDeclaredService(SIZES, { records: { size: sizes(BY_ACTIVE) } });
    const { token } = await service.openAccount();
    await using other = await openDeclaredService(SIZES, { records: { size: sizes(undefined) } });
    const content = { action_type: "delete_sizes", filter: { active: { eq: true } }, max_records: 9 };
    const { id } = await submit(service, token, content);

    const worker = await service.startWorker({ RECORDS: other.file });
    const queue = openServiceQueue(service);
    const reason = await eventually(async () => {
      const [job] = await queue.native.getFailed();
      if (job?.failedReason === undefined) throw new Error("No turn has failed yet.");
      return job.failedReason;
    });
    await queue.close();
    expect(reason).toContain(`The filter of bulk action ${id} does not fit the declaration of delete_sizes`);
    expect(reason).toContain(`pnpm admin action cancel ${id}`);
    expect(await service.database.query("SELECT FROM sizes")).toHaveLength(3);

    await worker.stop();
    await service.startWorker({ SWEEP_INTERVAL_MS: "100" });
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", record_ids: ["1", "2"] });
  });
});

describe("a selection is refused, and nothing is written", () => {
  let service: TestService;
  let shop: Shop;

  beforeAll(async () => {
    service = await openTestService();
    shop = await openShop(service, 20);
    await makeOld(service, shop.old);
  });

  afterAll(() => service[Symbol.asyncDispose]());

  test.each<[string, object, string, object]>([
    [
      "more match than max_records",
      { filter: BEFORE_2022, max_records: 9 },
      "bulk_action.too_many_matches",
      { code: "bulk_action.filter.too_many_matches", options: { count: 10, maximum: 9 } },
    ],
    [
      "another number matches than expected",
      { filter: BEFORE_2022, max_records: 10, expected_count: 9 },
      "bulk_action.count_changed",
      { code: "bulk_action.filter.count_changed", options: { count: 10, expected: 9 } },
    ],
    [
      "more match than both",
      { filter: BEFORE_2022, max_records: 1, expected_count: 1 },
      "bulk_action.too_many_matches",
      { options: { count: 10, maximum: 1 } },
    ],
    [
      "nothing matches",
      { filter: { created_at: { lt: "1970-01-01T00:00:00Z" } }, max_records: 9, expected_count: 0 },
      "bulk_action.nothing_matches",
      { options: { count: 0 } },
    ],
    ["max_records is missing", { filter: BEFORE_2022 }, INVALID, { code: "bulk_action.max_records.blank" }],
    [
      "max_records is zero",
      { filter: BEFORE_2022, max_records: 0 },
      INVALID,
      { code: "bulk_action.max_records.inclusion", options: { minimum: 1, maximum: 10_000_000 } },
    ],
    [
      "max_records is a text",
      { filter: BEFORE_2022, max_records: "9" },
      INVALID,
      { code: "bulk_action.max_records.inclusion" },
    ],
    [
      "expected_count is a fraction",
      { filter: BEFORE_2022, max_records: 9, expected_count: 1.5 },
      INVALID,
      { code: "bulk_action.expected_count.inclusion" },
    ],
    [
      "ids are listed as well",
      { filter: BEFORE_2022, max_records: 9, record_ids: ["a"] },
      INVALID,
      { code: "bulk_action.record_ids.invalid", message: "cannot be combined with filter" },
    ],
    [
      "the limit is given with ids",
      { record_ids: ["5e1c7a55-8b0c-4c5e-9d7d-3c1b1f0f7a11"], max_records: 9 },
      INVALID,
      { code: "bulk_action.max_records.invalid", message: "needs a filter" },
    ],
    [
      "a key is unknown",
      { filter: BEFORE_2022, max_records: 10, max_record: 1 },
      INVALID,
      { code: "bulk_action.max_record.unknown" },
    ],
    ["neither is given", { max_records: 9 }, INVALID, { code: "bulk_action.record_ids.blank" }],
  ])("where %s", async (_what, content, code, fault) => {
    const response = await post(service, shop.token, "/v1/bulk_actions", content);
    const body = (await response.json()) as { validation_errors: readonly object[] };
    expect({ status: response.status, body }).toMatchObject({ status: 422, body: { code } });
    expect(body.validation_errors).toContainEqual(expect.objectContaining(fault));
    await expectNothingWritten(service);
  });

  test("where it comes as a form", async () => {
    const response = await service.request(shop.token, "/v1/bulk_actions", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "bulk_action[action_type]=delete_customers&bulk_action[filter][created_at][lt]=x&bulk_action[max_records]=9",
    });
    expect(response.status).toBe(422);
    await expectNothingWritten(service);
  });

  test("where another of the account is in progress, and others of other accounts are not kept waiting", async () => {
    const other = await service.fillShop({ customers: 1 }, "beside");
    const client = new pg.Client({ connectionString: service.database.url });
    await client.connect();
    await client.query("BEGIN; LOCK TABLE customers");
    const content = { filter: BEFORE_2022, max_records: 10 };
    const answers = [1, 2].map(() => post(service, shop.token, "/v1/bulk_actions", content));
    // One waits for the table, however long; the other is refused at once.
    const first = await Promise.race(answers);
    expect(first.status).toBe(429);
    expect(await first.json()).toMatchObject({ code: "bulk_action.selection_under_way" });
    await client.query("ROLLBACK");
    await client.end();
    await Promise.all(answers);
    await service.submit(other.token, "delete_customers", other.customerIds);
    await service.database.query("DELETE FROM bulk.bulk_actions");
  });
});

describe("a preview of a filter", () => {
  let service: TestService;

  beforeAll(async () => {
    service = await openTestService();
  });

  afterAll(() => service[Symbol.asyncDispose]());

  test("counts the records that match, and those that would be skipped, and shows a hundred ids", async () => {
    const { token, productIds, inUseProductIds } = await service.fillShop({ products: 150, inUse: 20 });
    const response = await post(service, token, "/v1/bulk_actions/preview", {
      ...{ action_type: "delete_products", filter: { created_at: { is_null: false } } },
      max_records: 150,
    });
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 200,
      body: {
        ...{ object: "bulk_action_preview", action_type: "delete_products", total: 150, applicable: 130 },
        reasons: [{ code: "record.in_use", count: inUseProductIds.length }],
        sample_record_ids: [...productIds].sort().slice(0, 100),
      },
    });
  });

  test("refuses what the same body would be refused for", async () => {
    const { token } = await service.fillShop({ customers: 3 }, "refused");
    const filter = { orders: { exists: false } };
    const codes = [];
    for (const limits of [{ max_records: 2 }, { max_records: 3, expected_count: 2 }]) {
      const response = await post(service, token, "/v1/bulk_actions/preview", { filter, ...limits });
      codes.push(((await response.json()) as { code: string }).code);
    }
    expect(codes).toEqual(["bulk_action.too_many_matches", "bulk_action.count_changed"]);
  });
});

describe("an Idempotency-Key", () => {
  test("stands for the same filter in any order, also when the records are gone", async () => {
    await using service = await openTestService();
    const { token, old } = await openShop(service, 10);
    await makeOld(service, old);
    await service.startWorker();
    const filter = { orders: { exists: false }, ...BEFORE_2022 };
    const content = { filter, max_records: 10, expected_count: 5 };
    const first = await post(service, token, "/v1/bulk_actions", content, { "idempotency-key": "k" });
    const { id } = (await first.json()) as WireAction;
    await service.finished(token, id);

    const reordered = { ...content, filter: { ...BEFORE_2022, orders: { exists: false } } };
    const again = await post(service, token, "/v1/bulk_actions", reordered, { "idempotency-key": "k" });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.json()).toMatchObject({ id, record_ids: old });
    for (const other of [
      { ...content, max_records: 11 },
      { ...content, filter: BEFORE_2022 },
      { filter, max_records: 10 },
    ]) {
      const reused = await post(service, token, "/v1/bulk_actions", other, { "idempotency-key": "k" });
      expect(await reused.json()).toMatchObject({ code: "idempotency_key.reused" });
    }
  });
});

const INVALID = "bulk_action.invalid";
const NO_LONGER = "The record no longer matches the filter of the bulk action.";

const SIZES = `
  CREATE TABLE sizes (id int PRIMARY KEY, active boolean NOT NULL);
  CREATE INDEX ON sizes (active);
  INSERT INTO sizes VALUES (1, true), (2, true), (3, false);
  CREATE FUNCTION keep_active() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NEW.active := NEW.active OR NEW.id = 2; RETURN NEW; END $$;
  CREATE TRIGGER keep_active BEFORE UPDATE ON sizes FOR EACH ROW EXECUTE FUNCTION keep_active();`;

function sizes(filters: RecordDeclaration["filters"]): RecordDeclaration {
  return {
    ...{ table: "sizes", key: { column: "id", type: "integer" }, account: "none" },
    filters,
    actions: {
      delete_sizes: { effect: "deleted", steps: [{ delete: "record" }] },
      retire_sizes: {
        effect: "retired",
        steps: [{ update: "record", set: { active: false } }],
        already: { code: "record.already_retired", message: "It is retired.", where: "NOT active" },
      },
    },
  };
}

const BY_ACTIVE = { active: { column: "active", type: "boolean" } } as const;

type Shop = {
  readonly token: string;
  /** Half of the customers, in the order of their ids, and the other half. */
  readonly old: readonly string[];
  readonly young: readonly string[];
};

async function openShop(service: TestService, customers: number): Promise<Shop> {
  const { token, customerIds } = await service.fillShop({ customers });
  const old = customerIds.slice(0, customers / 2).sort();
  return { token, old, young: customerIds.slice(customers / 2) };
}

async function makeOld({ database }: TestService, ids: readonly string[]): Promise<void> {
  await database.query("UPDATE customers SET created_at = '2021-01-01' WHERE id = ANY ($1::uuid[])", [ids]);
}

function post(
  service: TestService,
  token: string,
  path: string,
  content: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return service.request(token, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ bulk_action: { action_type: "delete_customers", ...content } }),
  });
}

async function submit(service: TestService, token: string, content: object): Promise<WireAction> {
  const response = await post(service, token, "/v1/bulk_actions", content);
  const body = (await response.json()) as WireAction;
  expect({ status: response.status, body }).toMatchObject({ status: 200 });
  return body;
}

async function act(
  service: TestService,
  token: string,
  id: string,
  verb: "cancel" | "retry" | "restore",
): Promise<WireAction> {
  const response = await service.request(token, `/v1/bulk_actions/${id}/${verb}`, { method: "POST" });
  expect(response.status).toBe(200);
  return (await response.json()) as WireAction;
}

async function listSkipped(service: TestService, token: string, id: string): Promise<readonly object[]> {
  const response = await service.request(token, `/v1/bulk_actions/${id}/records?outcome[]=skipped`);
  const { data } = (await response.json()) as { data: readonly Record<string, unknown>[] };
  return data.map(({ record_id, code, message, retriable }) => ({ record_id, code, message, retriable }));
}

async function listCustomers({ database }: TestService): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>("SELECT id FROM customers ORDER BY id");
  return rows.map(({ id }) => id);
}

async function readCustomers({ database }: TestService): Promise<readonly object[]> {
  return await database.query("SELECT id, email, name, created_at FROM customers ORDER BY id");
}

async function readPositions({ database }: TestService, id: string): Promise<readonly number[]> {
  const rows = await database.query<{ position: number }>(
    "SELECT position FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 ORDER BY position",
    [id],
  );
  return rows.map(({ position }) => position);
}
