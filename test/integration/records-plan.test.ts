import { rm } from "node:fs/promises";
import { mergeRecord } from "@bulk/admin/records/merge-record";
import { describeMeasurement } from "@bulk/catalog/measure/describe-measurement";
import { measureRemoval } from "@bulk/catalog/measure/measure-removal";
import { describePlan } from "@bulk/catalog/plan/describe-plan";
import { type Plan, type PlanWishes, planRecord } from "@bulk/catalog/plan/plan-record";
import { findTables } from "@bulk/catalog/reading/find-tables";
import { readTable } from "@bulk/catalog/reading/read-table";
import { loadRecords } from "@bulk/records/declaration/load-records";
import type { Database } from "@bulk/store/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeRecordsFile } from "../support/records-file.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;
let connection: AsyncDisposable & { readonly database: Database };

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(HOST);
  connection = openServiceDatabase(database.url);
});

afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  await database.dispose();
});

const HOST = `
  CREATE SCHEMA shop; SET search_path = shop;
  CREATE TABLE store (store_id serial PRIMARY KEY);
  CREATE TABLE product (
    product_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, uuid uuid NOT NULL UNIQUE, sku text,
    store_id int NOT NULL REFERENCES store, parent_id int REFERENCES product ON DELETE SET NULL, "deletedAt" timestamp,
    price numeric, gross numeric GENERATED ALWAYS AS (price * 1.2) STORED);
  CREATE UNIQUE INDEX ON product (lower(sku)) WHERE "deletedAt" IS NULL;
  CREATE TABLE product_variant (id bigserial PRIMARY KEY, product_id int NOT NULL REFERENCES product ON DELETE CASCADE,
    "deletedAt" timestamptz);
  CREATE INDEX ON product_variant (product_id) WHERE "deletedAt" IS NULL;
  CREATE TABLE price (variant_id bigint REFERENCES product_variant ON DELETE CASCADE, currency text, deleted_at date,
    PRIMARY KEY (variant_id, currency));
  CREATE TABLE package_line (id int PRIMARY KEY, variant_id bigint
    REFERENCES product_variant ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE basket_item (id int PRIMARY KEY, product_id int, "linkedProductId" smallint, product_id_text text);
  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('x', ''); RETURN NULL; END $$;
  CREATE TRIGGER told AFTER DELETE ON product FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE CONSTRAINT TRIGGER late AFTER DELETE ON product DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TRIGGER kept BEFORE DELETE ON product_variant FOR EACH ROW EXECUTE FUNCTION tell();
  CREATE TABLE customers (id uuid PRIMARY KEY, tenant_id text NOT NULL);
  CREATE TABLE "order" (id text PRIMARY KEY, customer_id uuid REFERENCES customers ON DELETE CASCADE);
  CREATE TABLE channel_customers (customer uuid REFERENCES customers, "channelId" smallint);
  CREATE VIEW all_products AS SELECT * FROM product;
  CREATE TABLE visits (at date, id int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
  CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TABLE brand (name text COLLATE any_case PRIMARY KEY);
  CREATE TABLE tag (label char(8) PRIMARY KEY, code text UNIQUE);
  CREATE TABLE animal (id int PRIMARY KEY); CREATE TABLE cat () INHERITS (animal);
  CREATE TABLE ruled (id int PRIMARY KEY);
  CREATE RULE keep_all AS ON DELETE TO ruled DO INSTEAD NOTHING;
  CREATE TABLE "odd ""Näme""" ("Ключ" int PRIMARY KEY);
  ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own_rows ON customers FOR DELETE USING (true);
  RESET search_path`;

async function plan(name: string, wishes: Partial<PlanWishes> = {}): Promise<Plan> {
  const [table] = await findTables(connection.database, { schema: "shop", name });
  if (table === undefined) throw new Error(`There is no table ${name}.`);
  const model = await readTable(connection.database, table);
  return await planRecord(connection.database, model, { protect: [], mayCascadeTo: [], ...wishes });
}

test("a plan names every reference with its rule, its index and its check, as far as cascades reach", async () => {
  const { table } = await plan("product");
  expect(
    table.references.map(({ depth, quoted, toQuoted, rule, index, deferral }) =>
      [depth, quoted, toQuoted, rule, index, deferral].join(" "),
    ),
  ).toEqual([
    "1 shop.product shop.product SET NULL none no",
    "1 shop.product_variant shop.product CASCADE partial no",
    "2 shop.package_line shop.product_variant RESTRICT none deferred",
    "2 shop.price shop.product_variant CASCADE full no",
  ]);
});

test("a plan tells people about triggers, indexes, columns without a key, and what comes back", async () => {
  const { table, lookalikes, ...rest } = await plan("product");
  const lines = describePlan({ table, lookalikes, ...rest });
  expect(lines).toEqual(
    expect.arrayContaining([
      "    ! a partial index does not serve the check: each deleted row reads the whole table",
      "      CREATE INDEX CONCURRENTLY ON shop.product_variant (product_id);",
      "  told on shop.product, AFTER DELETE, calls shop.tell; its function notifies",
      "  late on shop.product, AFTER DELETE, calls shop.tell; its function notifies; runs at COMMIT",
      "  kept on shop.product_variant, BEFORE DELETE, calls shop.tell; ! must not keep a row: PostgreSQL would leave it " +
        "behind, without the row that it refers to; its function notifies",
      `  unique (lower(sku)) WHERE ("deletedAt" IS NULL)`,
      "Columns that PostgreSQL fills: product_id identity, gross generated",
      'Columns that "filters" may name, and the index that serves each:',
      "  uuid, uuid: the index product_uuid_key",
    ]),
  );
  expect(lookalikes.map(({ quoted, column }) => `${quoted} ${column}`)).toEqual([
    "shop.basket_item product_id",
    "shop.basket_item linkedProductId",
  ]);
});

test("a mark means marking, with the children that have one, and a number beside a uuid is the inner key", async () => {
  const { refusals, declaration } = await plan("product");
  expect(refusals).toEqual([]);
  expect(declaration).toEqual({
    schema: "shop",
    table: "product",
    key: { column: "uuid", type: "uuid" },
    account: { column: "store_id", type: "integer" },
    alive: `"deletedAt" IS NULL`,
    related: {
      product_variants: {
        table: "product_variant",
        on: { product_id: "product_id" },
        where: `"deletedAt" IS NULL`,
      },
      prices: {
        table: "price",
        of: "product_variants",
        on: { variant_id: "id" },
        where: "deleted_at IS NULL",
      },
    },
    actions: {
      delete_products: {
        effect: "deleted",
        steps: [
          { update: "prices", set: { deleted_at: { now: "UTC" } }, restore: { deleted_at: null } },
          { update: "product_variants", set: { deletedAt: { now: "UTC" } }, restore: { deletedAt: null } },
          { update: "record", set: { deletedAt: { now: "UTC" } }, restore: { deletedAt: null } },
        ],
        expects: [],
      },
    },
  });
});

test("a deletion is protected by what would refuse it, through cascades, and by columns that the operator names", async () => {
  const { declaration } = await plan("product", {
    mark: "none",
    record: "article",
    key: "product_id",
    account: "none",
    protect: ["basket_item.linkedProductId"],
  });
  expect(declaration).toMatchObject({
    key: { column: "product_id", type: "integer" },
    account: "none",
    related: {
      product_variants: { table: "product_variant", on: { product_id: "product_id" } },
      package_lines: { table: "package_line", of: "product_variants", on: { variant_id: "id" } },
      basket_items: { table: "basket_item", on: { linkedProductId: "product_id" } },
    },
    actions: {
      delete_articles: {
        steps: [{ delete: "record" }],
        protections: [
          { code: "record.in_use_by_package_lines", related: "package_lines" },
          { code: "record.in_use_by_basket_items", related: "basket_items" },
        ],
        expects: [
          "TRIGGER kept ON shop.product_variant BEFORE DELETE ROW EXECUTE shop.tell",
          "TRIGGER late ON shop.product AFTER DELETE ROW EXECUTE shop.tell",
          "TRIGGER told ON shop.product AFTER DELETE ROW EXECUTE shop.tell",
          "shop.package_line (variant_id) -> shop.product_variant (id) ON DELETE RESTRICT DEFERRABLE",
          "shop.price (variant_id) -> shop.product_variant (id) ON DELETE CASCADE",
          "shop.product (parent_id) -> shop.product (product_id) ON DELETE SET NULL",
          "shop.product_variant (product_id) -> shop.product (product_id) ON DELETE CASCADE",
        ],
      },
    },
  });
});

test("a cascade to orders is refused until the operator allows it, and an account may be in a join table", async () => {
  const refused = await plan("customers");
  expect(refused.refusals).toEqual([expect.stringContaining("--may-cascade-to shop.order")]);
  expect(refused.declaration).toBeUndefined();

  const wishes = { mayCascadeTo: ["shop.order"], account: "channel_customers.channelId" };
  const { declaration } = await plan("customers", wishes);
  expect(declaration?.account).toEqual({
    join: { table: "channel_customers", record: { customer: "id" }, account: "channelId", type: "smallint" },
  });
  expect(declaration?.actions["delete_customers"]?.may_cascade_to).toEqual(["shop.order"]);
  expect(describePlan(refused).join("\n")).toContain("own_rows (DELETE)");
});

test.each([
  ["all_products", {}, "is a view"],
  ["visits", {}, "The primary key (at, id) has 2 columns"],
  ["visits_2026", {}, "is a partition"],
  ["price", {}, "The primary key (variant_id, currency) has 2 columns"],
  ["brand", {}, "collation any_case, which is not deterministic"],
  ["tag", {}, "label is of type character(8)"],
  ["tag", { key: "code" }, "code may be null"],
  ["product", { key: "sku" }, "sku is not unique by itself"],
  ["product", { key: "nix" }, "has no column nix"],
  ["product", { account: "nix" }, "--account nix"],
  ["product", { mark: "price" }, "--mark price"],
  ["product", { protect: ["basket_item.product_id_text"] }, "--protect basket_item.product_id_text"],
  ["animal", {}, "Tables inherit from shop.animal"],
  ["ruled", {}, "The rule keep_all replaces"],
  ['odd "Näme"', { record: "Näme" }, "set --record"],
] satisfies [string, Partial<PlanWishes>, string][])(
  "%s with %j cannot be served: %s",
  async (name, wishes, reason) => {
    const { refusals, declaration } = await plan(name, wishes);
    expect(refusals.join("\n")).toContain(reason);
    expect(declaration).toBeUndefined();
  },
);

test("odd names are served", async () => {
  const { declaration } = await plan('odd "Näme"', { record: "thing" });
  expect(declaration).toMatchObject({ table: 'odd "Näme"', key: { column: "Ключ", type: "integer" } });
});

test("a measurement removes records for real, names each foreign key and trigger, and leaves everything as it was", async () => {
  await database.query(`
    SET search_path = shop;
    INSERT INTO store VALUES (1);
    INSERT INTO product (uuid, store_id) SELECT gen_random_uuid(), 1 FROM generate_series(1, 20);
    INSERT INTO product_variant (product_id) SELECT product_id FROM product;
    INSERT INTO price SELECT id, 'EUR' FROM product_variant LIMIT 7;
    INSERT INTO package_line SELECT id, id FROM product_variant LIMIT 5;
    DROP TRIGGER kept ON product_variant;
    RESET search_path`);
  const deleting = await plan("product", { mark: "none" });
  const marking = await plan("product");
  if (deleting.declaration === undefined || marking.declaration === undefined) throw new Error("Not served.");

  const deletion = await measureRemoval(connection.database, deleting.declaration, "delete_products");
  const mark = await measureRemoval(connection.database, marking.declaration, "delete_products");

  expect(deletion.recordCount).toBe(15);
  const [step] = deletion.steps;
  expect(step).toMatchObject({ name: "DELETE shop.product", rowCount: 15 });
  expect(step?.triggers).toEqual(
    expect.arrayContaining([
      { name: "trigger told on product", calls: 15, ms: expect.any(Number) },
      { name: "foreign key product_variant_product_id_fkey on product", calls: 15, ms: expect.any(Number) },
    ]),
  );
  expect(describeMeasurement(deletion)[0]).toBe("Removing 15 records, rolled back:");
  expect(mark.steps.map(({ name, rowCount }) => [name, rowCount])).toEqual([
    ["UPDATE shop.price", 7],
    ["UPDATE shop.product_variant", 20],
    ["UPDATE shop.product", 20],
  ]);
  const [left] = await database.query(`
    SELECT (SELECT count(*)::int FROM shop.product WHERE "deletedAt" IS NULL) AS products,
           (SELECT count(*)::int FROM shop.product_variant WHERE "deletedAt" IS NULL) AS variants`);
  expect(left).toEqual({ products: 20, variants: 20 });
});

test("a declaration is written beside what is there, and replaces a record only when asked", async () => {
  await using records = await writeRecordsFile({});
  const { declaration } = await plan("product");
  if (declaration === undefined) throw new Error("Not served.");
  await rm(records.path);
  await mergeRecord(records.path, { name: "product", declaration, replaces: false });
  const other = {
    ...declaration,
    actions: {
      remove_articles: {
        ...Object.values(declaration.actions)[0],
        effect: "removed",
        steps: declaration.actions["delete_products"]?.steps ?? [],
      },
    },
  };
  await mergeRecord(records.path, { name: "article", declaration: other, replaces: false });
  expect(Object.keys(loadRecords(records.path).records)).toEqual(["product", "article"]);

  const again = { name: "article", declaration: { ...other, account: "none" as const } };
  await expect(mergeRecord(records.path, { ...again, replaces: false })).rejects.toThrow("--replace");
  expect(loadRecords(records.path).records["article"]?.account).not.toBe("none");
  await mergeRecord(records.path, { ...again, replaces: true });
  expect(loadRecords(records.path).records["article"]?.account).toBe("none");

  const unusable = { name: "third", declaration, replaces: false };
  await expect(mergeRecord(records.path, unusable)).rejects.toThrow("an action type is unique");
  expect(Object.keys(loadRecords(records.path).records)).toEqual(["product", "article"]);
});
