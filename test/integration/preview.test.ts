import { type Database, openDatabase } from "@bulk/store/database";
import { previewEffect } from "@bulk/store/records/preview";
import { sql } from "@bulk/store/sql";
import { findSqlstate } from "@bulk/store/sqlstate";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { mintToken } from "../support/mint-token.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, requestHead, sendRaw } from "../support/raw-http.ts";
import { countReasons } from "../support/reasons.ts";
import { recordIdsOf } from "../support/record-ids.ts";
import { deleteProducts } from "../support/registry.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const NOT_FOUND = {
  code: "record.not_found",
  message: "The account has no such record.",
};
const IN_USE = {
  code: "record.in_use",
  message: "The product is on an order line, so it cannot be deleted. Archive it instead: archive_products.",
};

describe("a preview", () => {
  test("counts what would be deleted and why the rest would be skipped, and changes nothing", async () => {
    await using service = await openTestService({}, { host: "own" });
    const { token, productIds, customerIds } = await service.fillShop({
      ...{ products: 50, inUse: 5, customers: 3 },
    });
    const foreign = await service.fillShop({ products: 4, inUse: 1 }, "another");
    const recordIds = [...productIds, ...foreign.productIds, ...customerIds, ...randomIds(1)];

    const preview = await readPreview(service, token, "delete_products", [...recordIds, ...productIds]);

    expect(preview).toStrictEqual({
      object: "bulk_action_preview",
      action_type: "delete_products",
      total: 58,
      applicable: 45,
      skipped: 13,
      reasons: [
        { ...NOT_FOUND, count: 8 },
        { ...IN_USE, count: 5 },
      ],
      warnings: [],
    });
    expect(
      await service.database.query(
        `SELECT (SELECT count(*)::int FROM products) AS products,
                (SELECT count(*)::int FROM bulk.bulk_actions) AS "bulkActions"`,
      ),
    ).toEqual([{ products: 54, bulkActions: 0 }]);
  });

  test("warns of what the database may keep, and names nothing of it", async () => {
    await using service = await openTestService({}, { host: "own" });
    const { token, productIds } = await service.fillShop({ products: 2 });
    await service.database.query(`
      CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER keep_sold BEFORE DELETE ON products FOR EACH ROW EXECUTE FUNCTION keep();
      CREATE TRIGGER unrelated BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION keep();
      CREATE TRIGGER switched_off BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION keep();
      ALTER TABLE customers DISABLE TRIGGER switched_off;
      CREATE RULE keep_all AS ON DELETE TO products DO INSTEAD NOTHING`);

    const ofProducts = await readPreview(service, token, "delete_products", productIds);
    const ofCustomers = await readPreview(service, token, "delete_customers", productIds);

    expect(ofProducts).toMatchObject({
      applicable: 2,
      warnings: [{ code: "database.trigger" }, { code: "database.rule" }],
    });
    expect(JSON.stringify(ofProducts)).not.toContain("keep_");
    expect(ofCustomers).toMatchObject({ warnings: [] });
  });

  test.each(["delete_products", "delete_customers"])("of %s is what then happens", async (actionType) => {
    await using service = await openTestService({ CHUNK_SIZE: "9" });
    await service.startWorker();
    const shop = await service.fillShop({ products: 40, inUse: 6, customers: 8 });
    const recordIds = [...shop.productIds, ...shop.customerIds, ...randomIds(2)];

    const { reasons, applicable } = await readPreview(service, shop.token, actionType, recordIds);
    const { id } = await service.submit(shop.token, actionType, recordIds);
    await service.finished(shop.token, id);

    const [outcome] = await service.database.query(
      "SELECT sum(deleted_count)::int AS deleted FROM bulk.bulk_action_chunks",
    );
    expect(outcome).toEqual({ deleted: applicable });
    expect(Object.fromEntries(reasons.map(({ code, count }) => [code, count]))).toEqual(
      await countReasons(service.database, id),
    );
  });

  test("of 100,000 ids is one request", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 50_000, inUse: 500 });
    const recordIds = [...randomIds(50_000), ...productIds];

    expect(await readPreview(service, token, "delete_products", recordIds)).toMatchObject({
      total: 100_000,
      applicable: 49_500,
      skipped: 50_500,
    });
  });

  test("of nothing that applies has only skips, and of everything none", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 2 });

    const none = await readPreview(service, token, "delete_customers", productIds);
    const all = await readPreview(service, token, "delete_products", productIds);

    expect(none).toMatchObject({ applicable: 0, skipped: 2, reasons: [{ ...NOT_FOUND, count: 2 }] });
    expect(all).toMatchObject({ applicable: 2, skipped: 0, reasons: [] });
  });

  test("takes and refuses the same bodies as create", async () => {
    await using service = await openTestService({ MAX_RECORD_IDS: "2" });
    const { token } = await service.fillShop({});
    const [first = "", second = "", third = ""] = randomIds(3);
    const bodies = [
      ...["", "{", "[]", '"a string"', "{}", '{"bulk_action":{}}'],
      ...[[], [first, second, third], ["42"]].map((ids) => bodyOf("delete_products", ids)),
      bodyOf("delete_orders", [first]),
    ];
    for (const body of bodies) {
      const [created, previewed] = await Promise.all([
        post(service, token, "/v1/bulk_actions", body),
        preview(service, token, body),
      ]);
      const { request_id: _one, ...refusal } = await readJson(created);
      const { request_id: _other, ...same } = await readJson(previewed);
      expect([previewed.status, same]).toEqual([created.status, refusal]);
      expect(created.status).toBeGreaterThanOrEqual(400);
    }
    const form = await service.request(token, "/v1/bulk_actions/preview", {
      method: "POST",
      body: new URLSearchParams([
        ["bulk_action[action_type]", "delete_products"],
        ["bulk_action[record_ids][]", first],
      ]),
    });
    expect(await readJson(form)).toMatchObject({ total: 1, applicable: 0 });
  });

  test("needs the right to write, and is no bulk action's id", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    expect((await service.request(token, "/v1/bulk_actions/preview")).status).toBe(404);
    const reader = await mintToken(service, "bulk_actions:read");

    expect((await preview(service, reader, bodyOf("delete_products", randomIds(1)))).status).toBe(403);
  });

  test("that is refused because another one is under way is not asked for its body", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const owner = new pg.Client({ connectionString: service.database.url });
    await owner.connect();
    try {
      // The API knows the catalog then, and reads nothing else of a locked table.
      await preview(service, token, bodyOf("delete_products", randomIds(1)));
      await owner.query("BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
      const first = preview(service, token, bodyOf("delete_products", randomIds(1)));
      await eventually(async () => {
        const locked =
          "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%chunk_records%matching%'";
        expect(await service.database.query(locked)).toHaveLength(1);
      });
      // With a body that never comes.
      const head = requestHead("POST /v1/bulk_actions/preview", {
        ...bearer(token),
        ...{ "content-type": "application/json", "content-length": 1_000_000, expect: "100-continue" },
      });
      const refused = await sendRaw(service.url, head);
      expect(refused.status).toBe(429);
      expect(JSON.parse(refused.body)).toMatchObject({ code: "bulk_action_preview.under_way" });
      await owner.query("ROLLBACK");
      await first;
    } finally {
      await owner.end();
    }
  });

  test("that has to wait too long is told to come again, and is the account's only one meanwhile", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const other = await service.fillShop({}, "another");
    const owner = new pg.Client({ connectionString: service.database.url });
    await owner.connect();
    try {
      await owner.query("BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
      const body = bodyOf("delete_products", randomIds(1));
      const tokens = [token, token, other.token];
      const answers = await Promise.all(tokens.map((caller) => preview(service, caller, body)));
      const [refused, ...tooSlow] = answers.toSorted((one, another) => one.status - another.status);
      expect([refused?.status, refused?.headers.get("retry-after")]).toEqual([429, "1"]);
      expect(await refused?.json()).toMatchObject({ code: "bulk_action_preview.under_way" });
      for (const response of tooSlow) {
        expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
        expect(await readJson(response)).toMatchObject({ code: "bulk_action_preview.timeout" });
      }
    } finally {
      await owner.end();
    }
    expect(await readPreview(service, token, "delete_products", randomIds(1))).toMatchObject({ total: 1 });
  });
});

describe("the database", () => {
  test.each([
    ["refuses a preview that would write", "INSERT INTO bulk.accounts (name) VALUES (''written'')", "25006"],
    ["ends a preview that takes too long", "PERFORM pg_sleep(10)", "57014"],
  ])("%s", async (_name, statement, sqlstate) => {
    await using service = await openTestService();
    const { accountId } = await service.fillShop({});
    await service.database.query(
      `CREATE FUNCTION misbehave() RETURNS text LANGUAGE plpgsql AS 'BEGIN ${statement}; RETURN ''code''; END'`,
    );
    const database = openOneConnection(service);
    try {
      const query = { accountId, recordIds: recordIdsOf(randomIds(1)), timeoutMs: 200 };
      const effect = { ...deleteProducts, skipCode: sql`misbehave()` };
      const error: unknown = await previewEffect(database, effect, query).catch((thrown: unknown) => thrown);

      expect(findSqlstate(error)).toBe(sqlstate);
      expect(await service.database.query("SELECT FROM bulk.accounts WHERE name = 'written'")).toEqual([]);
      // The limits end with the preview.
      expect(await database.$queryRaw`SELECT current_setting('transaction_read_only') AS value`).toEqual([
        { value: "off" },
      ]);
    } finally {
      await database.$disconnect();
    }
  });

  test("plans each preview for its own ids, also where it would take one plan for all", async () => {
    await using service = await openTestService();
    const { accountId, productIds } = await service.fillShop({ products: 3 });
    // As after some previews of few ids; it counts for connections made from now on.
    await service.database.query(
      `DO $$ BEGIN
         EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database());
       END $$`,
    );
    const database = openOneConnection(service);
    try {
      const recordIds = [...productIds, ...randomIds(2)];
      for (const _time of [1, 2]) {
        const { skips } = await previewEffect(database, deleteProducts, {
          accountId,
          recordIds: recordIdsOf(recordIds),
          timeoutMs: 5_000,
        });
        expect(skips).toEqual([{ code: NOT_FOUND.code, count: 2 }]);
      }
      expect(
        await database.$queryRaw`
          SELECT generic_plans::int AS generic, custom_plans::int AS own FROM pg_prepared_statements
          WHERE statement LIKE '%chunk_records AS MATERIALIZED%' AND statement NOT LIKE '%pg_prepared_statements%'`,
      ).toEqual([{ generic: 0, own: 2 }]);
    } finally {
      await database.$disconnect();
    }
  });
});

function openOneConnection({ database }: TestService): Database {
  return openDatabase({
    ...{ url: database.url, applicationName: "test", poolSize: 1 },
    ...{ lockTimeoutMs: 2_000, statementTimeoutMs: 15_000 },
  });
}

type WirePreview = {
  readonly total: number;
  readonly applicable: number;
  readonly skipped: number;
  readonly reasons: readonly { readonly code: string; readonly message: string; readonly count: number }[];
};

function bodyOf(actionType: string, recordIds: readonly string[]): string {
  return JSON.stringify({ bulk_action: { action_type: actionType, record_ids: recordIds } });
}

function post(service: TestService, token: string, path: string, body: string): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return service.request(token, path, { method: "POST", headers, body });
}

function preview(service: TestService, token: string, body: string): Promise<Response> {
  return post(service, token, "/v1/bulk_actions/preview", body);
}

async function readPreview(
  service: TestService,
  token: string,
  actionType: string,
  recordIds: readonly string[],
): Promise<WirePreview> {
  const response = await preview(service, token, bodyOf(actionType, recordIds));
  expect(response.status).toBe(200);
  return (await response.json()) as WirePreview;
}

async function readJson(response: Response): Promise<Readonly<Record<string, unknown>>> {
  return (await response.json()) as Readonly<Record<string, unknown>>;
}
