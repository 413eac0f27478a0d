import { findFileFaults } from "@bulk/catalog/check/find-file-faults";
import { compareCatalogs } from "@bulk/catalog/expected/compare-catalogs";
import { describeDifference } from "@bulk/catalog/expected/compare-lines";
import { listExpectations } from "@bulk/catalog/expected/list-expectations";
import type { RecordDeclaration, RecordsFile } from "@bulk/records/declaration/records-file";
import type { Database } from "@bulk/store/database";
import { afterAll, beforeAll, expect, test } from "vitest";
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
  CREATE TABLE "Product" (id int PRIMARY KEY, store_id int NOT NULL, name text UNIQUE, deleted_at timestamptz,
    price numeric, gross numeric GENERATED ALWAYS AS (price) STORED, tags text[], code char(8));
  CREATE INDEX ON "Product" (price) WHERE deleted_at IS NULL;
  CREATE INDEX ON "Product" (store_id, deleted_at);
  CREATE INDEX ON "Product" USING hash (gross);
  CREATE TABLE variant (id int PRIMARY KEY, product_id int REFERENCES "Product" ON DELETE CASCADE);
  CREATE TABLE order_line (variant_id int REFERENCES variant ON DELETE CASCADE);
  CREATE TABLE product_store (product_id int REFERENCES "Product" ON DELETE CASCADE, store uuid);
  CREATE VIEW products AS SELECT * FROM "Product";
  RESET search_path`;

const SOUND: RecordDeclaration = {
  schema: "shop",
  table: "Product",
  key: { column: "id", type: "integer" },
  account: { column: "store_id", type: "integer" },
  alive: "deleted_at IS NULL",
  related: {
    variants: { schema: "shop", table: "variant", on: { product_id: "id" }, where: "variants.id > 0" },
  },
  actions: {
    delete_products: {
      effect: "deleted",
      steps: [{ update: "record", set: { deleted_at: { now: "UTC" } } }],
      protections: [{ code: "record.dear", message: "It is dear.", where: "price > 100" }],
      already: { code: "record.already_gone", message: "It is gone.", where: "deleted_at IS NOT NULL" },
      expects: [],
    },
  },
};

async function check(changes: Partial<RecordDeclaration>): Promise<readonly string[]> {
  const file: RecordsFile = { records: { product: { ...SOUND, ...changes } } };
  return (await findFileFaults(connection.database, file)).map(
    ({ place, message }) => `${place}: ${message}`,
  );
}

test("a declaration that fits the database has no fault", async () => {
  expect(await check({})).toEqual([]);
});

test.each<[string, Partial<RecordDeclaration>, string]>([
  [
    "an unknown table",
    { table: "products_of_old" },
    "records.product.table: there is no table products_of_old",
  ],
  ["other letters", { table: "product" }, `write "schema": "shop", "table": "Product"`],
  ["another schema", { schema: "public" }, `write "schema": "shop", "table": "Product"`],
  ["a view", { table: "products" }, "records.product.table: shop.products is a view"],
  [
    "an unknown key",
    { key: { column: "uuid", type: "uuid" } },
    'records.product.key.column: shop."Product" has no column uuid',
  ],
  [
    "a wrong type of the key",
    { key: { column: "id", type: "bigint" } },
    'records.product.key.type: the column id of shop."Product" is of type integer; write "type": "integer"',
  ],
  [
    "a key that is not unique",
    { key: { column: "store_id", type: "integer" } },
    "store_id is not unique by itself",
  ],
  [
    "a filter by an unknown column",
    { filters: { since: { column: "created_at", type: "timestamptz" } } },
    'records.product.filters.since.column: shop."Product" has no column created_at',
  ],
  [
    "a filter of another type",
    { filters: { name: { column: "name", type: "uuid" } } },
    'records.product.filters.name: the column name of shop."Product" is of type text; write "type": "text"',
  ],
  [
    "a filter by a column that cannot be compared",
    { filters: { code: { column: "code", type: "text" } } },
    'records.product.filters.code: the column code of shop."Product" is of type character(8); a filter cannot compare it',
  ],
  [
    "a filter by a column with a partial index only",
    { filters: { price: { column: "price", type: "numeric" } } },
    'records.product.filters.price: no index serves a filter by the column price; CREATE INDEX CONCURRENTLY ON shop."Product" ("store_id", "price");',
  ],
  [
    "a filter by a column with an index that has no order",
    { filters: { gross: { column: "gross", type: "numeric" } } },
    "records.product.filters.gross: no index serves a filter by the column gross",
  ],
  [
    "a filter by related rows without an index",
    { filters: { variants: { related: "variants" } } },
    'records.product.filters.variants: no index serves a filter by the related rows variants; CREATE INDEX CONCURRENTLY ON shop.variant ("product_id");',
  ],
  ["a key that may be null", { key: { column: "name", type: "text" } }, "name may be null"],
  [
    "an unknown account column",
    { account: { column: "tenant", type: "text" } },
    'records.product.account.column: shop."Product" has no column tenant',
  ],
  [
    "a wrong type of the account",
    { account: { column: "store_id", type: "text" } },
    "records.product.account.type:",
  ],
  [
    "a wrong type in a join table",
    {
      account: {
        join: { table: "product_store", record: { product_id: "id" }, account: "store", type: "bigint" },
      },
    },
    'records.product.account.join.type: the column store of shop.product_store is of type uuid; write "type": "uuid"',
  ],
  [
    "an unknown column of a join table",
    {
      account: {
        join: { table: "product_store", record: { product: "id" }, account: "store", type: "uuid" },
      },
    },
    "records.product.account.join.record.product: shop.product_store has no column product",
  ],
  [
    "an unknown related table",
    { related: { rows: { table: "nix", on: { id: "id" } } } },
    "records.product.related.rows.table: there is no table nix",
  ],
  [
    "an unknown related column",
    { related: { variants: { table: "variant", on: { product: "id" } } } },
    "records.product.related.variants.on.product: shop.variant has no column product",
  ],
  [
    "an unknown column in the condition of a join table",
    {
      account: {
        join: {
          table: "product_store",
          record: { product_id: "id" },
          account: "store",
          type: "uuid",
          where: "gone",
        },
      },
    },
    "records.product.account.join.where: PostgreSQL refuses it (SQLSTATE 42703",
  ],
  [
    "SQL that does not parse",
    { alive: "deleted_at IS NUL" },
    "records.product.alive: PostgreSQL refuses it (SQLSTATE 42601",
  ],
  [
    "an unknown column in SQL",
    { alive: "removed_at IS NULL" },
    "records.product.alive: PostgreSQL refuses it (SQLSTATE 42703",
  ],
  [
    "columns that cannot be compared",
    {
      related: { variants: { schema: "shop", table: "variant", on: { product_id: "name" } } },
      actions: {
        delete_products: {
          effect: "deleted",
          steps: [
            { update: "variants", set: { product_id: null } },
            ...(SOUND.actions["delete_products"]?.steps ?? []),
          ],
        },
      },
    },
    "records.product.actions.delete_products: the statement does not fit the tables: PostgreSQL refuses it (SQLSTATE 42883",
  ],
  [
    "SQL that is no condition",
    { related: { variants: { table: "variant", on: { product_id: "id" }, where: "product_id" } } },
    "records.product.related.variants.where: PostgreSQL refuses it (SQLSTATE 42804",
  ],
  [
    "an unknown column to set",
    { actions: { a: { effect: "gone", steps: [{ update: "record", set: { deleted: null } }] } } },
    'records.product.actions.a.steps.0.set.deleted: shop."Product" has no column deleted',
  ],
  [
    "a generated column to set",
    { actions: { a: { effect: "gone", steps: [{ update: "record", set: { gross: 1 } }] } } },
    "records.product.actions.a.steps.0.set.gross: PostgreSQL generates the column gross",
  ],
  [
    "a cascade to order lines",
    { actions: { a: { effect: "gone", steps: [{ delete: "record" }] } } },
    'records.product.actions.a.steps.0: ON DELETE CASCADE on shop.order_line (variant_id) would silently delete rows of shop.order_line; make the foreign key ON DELETE RESTRICT, or add "shop.order_line" to "may_cascade_to"',
  ],
])("%s is found, with its place and cure", async (_fault, changes, expected) => {
  const faults = await check(changes);
  expect(faults).toEqual([expect.stringContaining(expected)]);
});

test("a filter is served by an index that begins with its column, or with the account's and then its column", async () => {
  expect(
    await check({
      filters: {
        name: { column: "name", type: "text" },
        deleted_at: { column: "deleted_at", type: "timestamptz" },
        store: { column: "store_id", type: "integer" },
      },
    }),
  ).toEqual([]);
});

test("all faults are found together, and an allowed cascade is none", async () => {
  const faults = await check({
    key: { column: "no", type: "text" },
    account: { column: "tenant", type: "text" },
    related: { variants: { table: "variant", on: { product: "ident" } } },
  });
  expect(faults).toHaveLength(4);
  const steps = [{ delete: "record" }];
  const actions = { a: { effect: "gone", steps, may_cascade_to: ["shop.order_line"] } };
  expect(await check({ actions })).toEqual([]);
});

test("a reference, a trigger and a rule that nobody declared are told from what was declared", async () => {
  const lines = [
    'shop.product_store (product_id) -> shop."Product" (id) ON DELETE CASCADE',
    'shop.variant (product_id) -> shop."Product" (id) ON DELETE CASCADE',
    "shop.order_line (variant_id) -> shop.variant (id) ON DELETE CASCADE",
  ];
  const action = { effect: "deleted", steps: [{ delete: "record" as const }], expects: lines };
  const expectations = listExpectations({
    records: { product: { ...SOUND, actions: { delete_products: action } } },
  });
  const compare = async () => {
    const [comparison] = await compareCatalogs(connection.database, expectations);
    return comparison;
  };
  const before = await compare();
  expect(before?.difference).toBeUndefined();

  await database.query(
    `
    CREATE TABLE shop.gift (variant_id int REFERENCES shop.variant ON DELETE SET NULL);
    CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
    CREATE TRIGGER veto BEFORE UPDATE OR DELETE ON shop.variant FOR EACH ROW EXECUTE FUNCTION shop.nothing();
    CREATE TRIGGER added AFTER INSERT ON shop.variant FOR EACH ROW EXECUTE FUNCTION shop.nothing();
    ALTER TABLE shop.order_line DROP CONSTRAINT order_line_variant_id_fkey,
      ADD FOREIGN KEY (variant_id) REFERENCES shop.variant ON DELETE RESTRICT`,
  );

  const after = await compare();
  expect(after?.difference).toEqual({
    unexpected: [
      "TRIGGER veto ON shop.variant BEFORE UPDATE OR DELETE ROW EXECUTE shop.nothing",
      "shop.gift (variant_id) -> shop.variant (id) ON DELETE SET NULL",
      "shop.order_line (variant_id) -> shop.variant (id) ON DELETE RESTRICT",
    ],
    missing: ["shop.order_line (variant_id) -> shop.variant (id) ON DELETE CASCADE"],
  });
  expect(after?.fingerprint).not.toBe(before?.fingerprint);
  expect(after?.difference && describeDifference(after.difference)).toContain("not declared: TRIGGER veto");
});
