import type { RecordsFile } from "@bulk/records/declaration/records-file";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DeclaredService, openDeclaredService } from "../support/declared-service.ts";
import { countReasons } from "../support/reasons.ts";

const TABLES = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.product (
    product_id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    store_id int NOT NULL, name text NOT NULL, reserved int NOT NULL DEFAULT 0, deleted_at timestamp, deleted_by uuid,
    parent_id int REFERENCES shop.product);
  CREATE INDEX ON shop.product (parent_id);
  CREATE TABLE shop."Product Variant" (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, "productId" int NOT NULL REFERENCES shop.product,
    name text NOT NULL, "deletedAt" timestamptz, deleted_by text);
  CREATE INDEX ON shop."Product Variant" ("productId");
  CREATE TABLE shop.price (
    variant_id int REFERENCES shop."Product Variant", currency text, PRIMARY KEY (variant_id, currency));
  CREATE TABLE shop.discount (
    variant_id int, currency text, percent int, FOREIGN KEY (variant_id, currency) REFERENCES shop.price);
  CREATE TABLE shop.order_line (variant_id int);
  CREATE TABLE shop.product_tag (product_id int REFERENCES shop.product, tag text);
  CREATE TABLE shop.link (product_id int REFERENCES shop.product, other_id int REFERENCES shop.product);
  CREATE TABLE shop.veto (name text);
  CREATE FUNCTION shop.obey_veto() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF EXISTS (SELECT FROM shop.veto WHERE veto.name = 'raise ' || OLD.name) THEN
      RAISE EXCEPTION 'not this one' USING ERRCODE = 'P0001'; END IF;
    IF EXISTS (SELECT FROM shop.veto WHERE veto.name = OLD.name) THEN RETURN NULL; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER obey_veto BEFORE UPDATE OR DELETE ON shop.product FOR EACH ROW EXECUTE FUNCTION shop.obey_veto();
  CREATE TRIGGER obey_veto BEFORE UPDATE OR DELETE ON shop."Product Variant"
    FOR EACH ROW EXECUTE FUNCTION shop.obey_veto();`;

const RELATED = {
  variants: { table: "Product Variant", on: { productId: "product_id" }, where: `"deletedAt" IS NULL` },
  prices: { table: "price", of: "variants", on: { variant_id: "id" } },
  discounts: { table: "discount", of: "prices", on: { variant_id: "variant_id", currency: "currency" } },
  order_lines: { table: "order_line", of: "variants", on: { variant_id: "id" } },
  tags: { table: "product_tag", on: { product_id: "product_id" } },
  links: { table: "link", on: { product_id: "product_id" } },
  links_here: { table: "link", on: { other_id: "product_id" } },
  children: { table: "product", on: { parent_id: "product_id" } },
};

const AROUND = [
  { delete: "discounts" },
  { delete: "prices" },
  { delete: "tags" },
  { delete: "links" },
  { delete: "links_here" },
];

const DECLARATION: RecordsFile = {
  records: {
    product: {
      schema: "shop",
      table: "product",
      key: { column: "uuid", type: "uuid" },
      account: { column: "store_id", type: "integer" },
      alive: "deleted_at IS NULL",
      related: RELATED,
      actions: {
        mark_products: {
          effect: "marked",
          steps: [
            ...AROUND,
            {
              update: "variants",
              set: { deletedAt: { now: "UTC" }, deleted_by: { bulk_action: "id" } },
            },
            { update: "children", set: { parent_id: null } },
            {
              update: "record",
              set: { deleted_at: { now: "Asia/Kolkata" }, deleted_by: { bulk_action: "id" } },
            },
          ],
          protections: [
            { code: "record.in_use", message: "It is on an order line.", related: "order_lines" },
            { code: "record.reserved", message: "It is reserved.", where: "reserved > 0" },
          ],
          notify: "marked products",
        },
        purge_products: {
          effect: "purged",
          steps: [
            { delete: "record" },
            ...AROUND,
            { delete: "variants" },
            { update: "children", set: { parent_id: null } },
          ],
        },
      },
    },
  },
};

let service: DeclaredService;
let token: string;

beforeAll(async () => {
  service = await openDeclaredService(TABLES, DECLARATION, { CHUNK_SIZE: "10" });
  await service.startWorker();
  ({ token } = await service.openAccount("7"));
});

beforeEach(async () => {
  await service.database.query(`TRUNCATE shop.product, shop.order_line, shop.veto CASCADE`);
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("marking a record with what goes with it", () => {
  test("marks, deletes and detaches rows two and three levels down, at one moment and under one id", async () => {
    const products = await fillProducts(25);
    const ids = products.filter((_, index) => index % 2 === 0);
    const before = await readShop();

    const { id } = await service.submit(token, "mark_products", ids);

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    const [row] = await service.database.query(
      `SELECT count(*)::int AS count, count(DISTINCT moment)::int AS moments, count(DISTINCT by)::int AS ids,
              bool_and(moment = (SELECT created_at FROM bulk.bulk_actions WHERE id = $1)) AS "isOfAction"
       FROM (SELECT deleted_at AT TIME ZONE 'Asia/Kolkata' AS moment, deleted_by::text AS by FROM shop.product
             UNION ALL SELECT "deletedAt", deleted_by FROM shop."Product Variant") AS marked
       WHERE by = $1::text`,
      [id],
    );
    expect(row).toEqual({ count: 13 + 3 * 13, moments: 1, ids: 1, isOfAction: true });
    const after = await readShop();
    expect(before).toMatchObject({ prices: 150, discounts: 150, tags: 50, links: 49, parents: 24 });
    expect(after).toMatchObject({ prices: 72, discounts: 72, tags: 24, links: 12, parents: 12 });
    expect(after).toMatchObject({ products: 25, variants: 75 });
  });

  test("leaves alone what belongs to others, and what is on an order line or reserved", async () => {
    const ids = await fillProducts(6);
    const [ordered = "", reserved = "", foreign = "", marked = "", both = ""] = ids;
    await service.database.query(
      `INSERT INTO shop.order_line SELECT v.id FROM shop."Product Variant" v JOIN shop.product p ON p.product_id = v."productId"
       WHERE p.uuid = ANY ($1)`,
      [[ordered, both]],
    );
    await service.database.query("UPDATE shop.product SET reserved = 1 WHERE uuid = ANY ($1)", [
      [reserved, both],
    ]);
    await service.database.query("UPDATE shop.product SET store_id = 8 WHERE uuid = $1", [foreign]);
    await service.database.query("UPDATE shop.product SET deleted_at = now() WHERE uuid = $1", [marked]);

    const { id } = await service.submit(token, "mark_products", ids);

    expect(await service.finished(token, id)).toMatchObject({
      status: "completed",
      skipped_record_ids: [ordered, reserved, foreign, marked, both],
    });
    expect(await countReasons(service.database, id)).toEqual({
      "record.in_use": 2,
      "record.reserved": 1,
      "record.not_found": 2,
    });
    expect(await readShop()).toMatchObject({ prices: 30, markedVariants: 3, marked: 2 });
  });

  test("announces each applied record on the channel, and none that was skipped", async () => {
    const ids = await fillProducts(3);
    await service.database.query("UPDATE shop.product SET reserved = 1 WHERE uuid = $1", [ids[0]]);
    await using listener = await listen("marked products");

    const { id } = await service.submit(token, "mark_products", ids);
    await service.finished(token, id);

    expect(await listener.take(2)).toEqual(
      ids.slice(1).map((recordId) => ({
        ...{ action_type: "mark_products", bulk_action_id: id },
        record_id: recordId,
      })),
    );
  });

  test("previews what it would skip, and a second run changes nothing", async () => {
    const ids = await fillProducts(3);
    await service.database.query("UPDATE shop.product SET reserved = 1 WHERE uuid = $1", [ids[0]]);
    const body = JSON.stringify({ bulk_action: { action_type: "mark_products", record_ids: ids } });
    const headers = { "content-type": "application/json" };
    const preview = await service.request(token, "/v1/bulk_actions/preview", {
      method: "POST",
      headers,
      body,
    });
    expect(await preview.json()).toMatchObject({
      applicable: 2,
      reasons: [{ code: "record.reserved", count: 1 }],
    });
    const first = await service.submit(token, "mark_products", ids);
    await service.finished(token, first.id);
    const after = await readRows();

    const { id } = await service.submit(token, "mark_products", ids);

    expect(await service.finished(token, id)).toMatchObject({ status: "invalid" });
    expect(await readRows()).toEqual(after);
  });
});

describe("deleting a record with what goes with it", () => {
  test("deletes rows that refer to it, those of both ends of a link included", async () => {
    const ids = await fillProducts(25);

    const { id } = await service.submit(token, "purge_products", ids.slice(0, 24));

    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await readShop()).toEqual({
      ...{ products: 1, marked: 0, variants: 3, markedVariants: 0, prices: 6, discounts: 6 },
      ...{ tags: 2, links: 1, parents: 0 },
    });
  });
});

describe("a rule of the database that keeps", () => {
  test.each(["mark_products", "purge_products"])(
    "the record or a row that goes with it leaves both as they were: %s",
    async (type) => {
      const ids = await fillProducts(25);
      await service.database.query(`INSERT INTO shop.veto VALUES ('product 1'), ('variant 17.2')`);
      const kept = await readRows("1", "17");

      const { id } = await service.submit(token, type, ids);

      expect(await service.finished(token, id)).toMatchObject({
        status: "completed",
        skipped_record_ids: [ids[0], ids[16]],
      });
      expect(await countReasons(service.database, id)).toEqual({ "record.kept": 2 });
      expect(await readRows("1", "17")).toEqual(kept);
      expect(await readShop()).toMatchObject({ prices: 12, tags: 4 });
    },
  );

  test("and says so with an error fails that record alone, with all of its rows unchanged", async () => {
    const ids = await fillProducts(25);
    await service.database.query(`INSERT INTO shop.veto VALUES ('raise variant 17.2')`);
    const kept = await readRows("17");

    const { id } = await service.submit(token, "mark_products", ids);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await countReasons(service.database, id)).toEqual({ "record.internal_error": 1 });
    expect(await readRows("17")).toEqual(kept);
    expect(await readShop()).toMatchObject({ marked: 24, markedVariants: 72, prices: 6 });
  });
});

/** Each has three variants with two prices and a discount for each of them, two tags, and a link to the next. */
async function fillProducts(count: number): Promise<readonly string[]> {
  await service.database.query(
    `INSERT INTO shop.product (store_id, name) SELECT 7, 'product ' || n FROM generate_series(1, $1) AS n`,
    [count],
  );
  await service.database.query(`
    UPDATE shop.product SET parent_id = product_id - 1 WHERE name <> 'product 1';
    INSERT INTO shop."Product Variant" ("productId", name)
      SELECT product_id, replace(name, 'product', 'variant') || '.' || n FROM shop.product, generate_series(1, 3) AS n;
    INSERT INTO shop.price SELECT id, currency FROM shop."Product Variant", unnest('{EUR,INR}'::text[]) AS currency;
    INSERT INTO shop.discount SELECT variant_id, currency, 10 FROM shop.price;
    INSERT INTO shop.product_tag SELECT product_id, tag FROM shop.product, unnest('{new,red}'::text[]) AS tag;
    INSERT INTO shop.link SELECT product_id, product_id FROM shop.product;
    INSERT INTO shop.link SELECT parent_id, product_id FROM shop.product WHERE parent_id IS NOT NULL;`);
  const rows = await service.database.query<{ uuid: string }>(
    "SELECT uuid FROM shop.product ORDER BY product_id",
  );
  return rows.map(({ uuid }) => uuid);
}

/** How many rows of each kind there are. */
async function readShop() {
  const [row] = await service.database.query(`
    SELECT (SELECT count(*)::int FROM shop.product) AS products,
           (SELECT count(*)::int FROM shop.product WHERE deleted_at IS NOT NULL) AS marked,
           (SELECT count(*)::int FROM shop.product WHERE parent_id IS NOT NULL) AS parents,
           (SELECT count(*)::int FROM shop."Product Variant") AS variants,
           (SELECT count(*)::int FROM shop."Product Variant" WHERE "deletedAt" IS NOT NULL) AS "markedVariants",
           (SELECT count(*)::int FROM shop.price) AS prices, (SELECT count(*)::int FROM shop.discount) AS discounts,
           (SELECT count(*)::int FROM shop.product_tag) AS tags, (SELECT count(*)::int FROM shop.link) AS links`);
  return row;
}

/** The rows of products with these numbers, and those that go with them; without numbers, all. */
async function readRows(...numbers: readonly string[]) {
  const names = numbers.map((number) => `product ${number}`);
  return await service.database.query(
    `SELECT p.name, p.deleted_at, p.deleted_by,
            (SELECT json_agg(v ORDER BY v.id) FROM shop."Product Variant" v WHERE v."productId" = p.product_id) AS variants,
            (SELECT json_agg(r ORDER BY r.*) FROM shop.price r JOIN shop."Product Variant" v ON v.id = r.variant_id
             WHERE v."productId" = p.product_id) AS prices,
            (SELECT json_agg(t ORDER BY tag) FROM shop.product_tag t WHERE t.product_id = p.product_id) AS tags
     FROM shop.product p WHERE p.name = ANY ($1) OR cardinality($1) = 0 ORDER BY p.product_id`,
    [names],
  );
}

/** Listens on a connection of its own. */
async function listen(channel: string) {
  const client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
  const received: unknown[] = [];
  let arrived = Promise.withResolvers<void>();
  client.on("notification", ({ payload = "" }) => {
    received.push(JSON.parse(payload));
    arrived.resolve();
  });
  await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
  return {
    /** The first notifications, once so many have arrived. */
    async take(count: number): Promise<readonly unknown[]> {
      while (received.length < count) {
        await arrived.promise;
        arrived = Promise.withResolvers();
      }
      return received;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
