import { asServiceRole } from "../../support/service-role.ts";
import { SHOP_SESSIONS } from "../ledger.ts";
import { BIGINT_SHOP } from "./bigint-shop.ts";
import type { ChaosHost } from "./chaos-host.ts";
import { addRecords, createAccount, dealOut, grantService } from "./declared-host.ts";

/** Runs on a shop that marks: bigint keys, several levels, and a protection that is checked, not enforced. */
export const bigintHost: ChaosHost = {
  declaration: BIGINT_SHOP.declaration,
  serviceUrl: asServiceRole,
  async prepare(database) {
    await database.query(BIGINT_SHOP.tables);
    await grantService(database, BIGINT_SHOP.declaration);
  },
  async fill(databaseUrl, database, number, size) {
    const key = String(number * 11);
    const account = await createAccount(databaseUrl, database, { name: `chaos ${number}`, key });
    const productIds = await addRecords(database, PRODUCTS, key, size.products);
    await database.query(VARIANTS, [productIds]);
    await database.query(PRICES, [productIds]);
    const customerIds = await addRecords(database, CUSTOMERS, key, size.customers);
    await database.query(CHANNELS, [key, customerIds]);
    await database.query(ORDERS, [key, customerIds.slice(0, 1_000)]);
    await database.query(placeLines("LIMIT 1000000"), [productIds.slice(0, size.inUse)]);
    return { ...account, ...dealOut(productIds, customerIds, size) };
  },
  unknownId: (random) => String(1_000_000_000_000 + random.integer(0, 2 ** 40)),
  lens: `
    CREATE VIEW chaos.present AS
      SELECT 'delete_products' AS action_type, product.id::text AS record_id, accounts.id AS account_id
      FROM shop.product JOIN bulk.accounts ON key = "storeId"::text WHERE "deletedAt" IS NULL
      UNION ALL
      SELECT 'delete_customers', customer.id::text, accounts.id
      FROM shop.customer JOIN shop.customer_channel ON "customerId" = customer.id
      JOIN bulk.accounts ON key = "channelId"::text WHERE "deletedAt" IS NULL;
    CREATE VIEW chaos.lines AS
      SELECT order_line.id::text, "productId"::text AS record_id
      FROM shop.order_line JOIN shop.product_variant ON product_variant.id = "variantId";
    CREATE VIEW chaos.orders AS
      SELECT "order".id::text, accounts.id AS account_id
      FROM shop."order" JOIN bulk.accounts ON key = "channelId"::text;
    CREATE FUNCTION chaos.note_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.deletions
        SELECT 'delete_products', gone.id::text, account.id, pg_current_xact_id(), clock_timestamp()
        FROM (SELECT after.id, after."storeId" FROM before JOIN after USING (id)
              WHERE before."deletedAt" IS NULL AND after."deletedAt" IS NOT NULL) AS gone
        JOIN (SELECT id, key FROM bulk.accounts) AS account (id, key) ON account.key = "storeId"::text;
        RETURN NULL;
      END $$;
    CREATE FUNCTION chaos.note_customers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.deletions
        SELECT 'delete_customers', gone.id::text, account.id, pg_current_xact_id(), clock_timestamp()
        FROM (SELECT after.id FROM before JOIN after USING (id)
              WHERE before."deletedAt" IS NULL AND after."deletedAt" IS NOT NULL) AS gone
        JOIN shop.customer_channel ON "customerId" = gone.id
        JOIN (SELECT id, key FROM bulk.accounts) AS account (id, key) ON account.key = "channelId"::text;
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note AFTER UPDATE ON shop.product
      REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_products();
    CREATE TRIGGER chaos_note AFTER UPDATE ON shop.customer
      REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_customers();
    CREATE TRIGGER chaos_slow AFTER UPDATE OF "deletedAt" ON shop.product
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE TRIGGER chaos_slow AFTER UPDATE OF "deletedAt" ON shop.customer
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE FUNCTION chaos.note_products_restored() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.restorations
        SELECT 'delete_products', come.id::text, account.id, pg_current_xact_id(), clock_timestamp()
        FROM (SELECT after.id, after."storeId" FROM before JOIN after USING (id)
              WHERE before."deletedAt" IS NOT NULL AND after."deletedAt" IS NULL
                AND current_setting('application_name') <> '${SHOP_SESSIONS}') AS come
        JOIN (SELECT id, key FROM bulk.accounts) AS account (id, key) ON account.key = "storeId"::text;
        RETURN NULL;
      END $$;
    CREATE FUNCTION chaos.note_customers_restored() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.restorations
        SELECT 'delete_customers', come.id::text, account.id, pg_current_xact_id(), clock_timestamp()
        FROM (SELECT after.id FROM before JOIN after USING (id)
              WHERE before."deletedAt" IS NOT NULL AND after."deletedAt" IS NULL
                AND current_setting('application_name') <> '${SHOP_SESSIONS}') AS come
        JOIN shop.customer_channel ON "customerId" = come.id
        JOIN (SELECT id, key FROM bulk.accounts) AS account (id, key) ON account.key = "channelId"::text;
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note_restored AFTER UPDATE ON shop.product
      REFERENCING OLD TABLE AS before NEW TABLE AS after
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_products_restored();
    CREATE TRIGGER chaos_note_restored AFTER UPDATE ON shop.customer
      REFERENCING OLD TABLE AS before NEW TABLE AS after
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_customers_restored();
    CREATE UNIQUE INDEX live_product ON shop.product ("storeId", name) WHERE "deletedAt" IS NULL;
    CREATE UNIQUE INDEX live_customer ON shop.customer (name) WHERE "deletedAt" IS NULL;
    CREATE TABLE chaos.prices_before AS
      SELECT "productId", "variantId", code FROM shop.price JOIN shop.product_variant ON product_variant.id = "variantId";`,
  tables: [
    {
      ...{ table: "shop.product", key: (row) => `${row}.id` },
      goesWith: (row) => ({ actionType: "delete_products", recordId: `${row}.id` }),
    },
    {
      ...{ table: "shop.product_variant", key: (row) => `${row}.id` },
      goesWith: (row) => ({ actionType: "delete_products", recordId: `${row}."productId"` }),
    },
    {
      ...{ table: "shop.price", key: (row) => `concat_ws(' ', ${row}."variantId", ${row}.code)` },
      goesWith: (row) => ({
        actionType: "delete_products",
        recordId: `(SELECT "productId" FROM shop.product_variant WHERE id = ${row}."variantId")`,
      }),
    },
    {
      ...{ table: "shop.customer", key: (row) => `${row}.id` },
      goesWith: (row) => ({ actionType: "delete_customers", recordId: `${row}.id` }),
    },
    {
      table: "shop.customer_channel",
      key: (row) => `concat_ws(' ', ${row}."customerId", ${row}."channelId")`,
    },
    {
      ...{ table: 'shop."order"', key: (row) => `${row}.id` },
      goesWith: (row) => ({ actionType: "delete_customers", recordId: `${row}."customerId"` }),
    },
    { table: "shop.order_line", key: (row) => `${row}.id` },
  ],
  obstacles: [
    {
      ...{ actionType: "delete_products", code: "record.exists" },
      create: `
        UPDATE shop.product SET "deletedAt" = NULL, "deletedBy" = NULL FROM victim WHERE id = record_id::bigint`,
    },
    {
      ...{ actionType: "delete_products", code: "record.unique_taken:live_product" },
      create: `
        INSERT INTO shop.product ("storeId", name)
        SELECT "storeId", name FROM victim JOIN shop.product ON id = record_id::bigint`,
    },
    {
      ...{ actionType: "delete_customers", code: "record.unique_taken:live_customer" },
      create:
        "INSERT INTO shop.customer (name) SELECT name FROM victim JOIN shop.customer ON id = record_id::bigint",
    },
    {
      // By somebody else, later: it is no longer the mark that the bulk action has set.
      ...{ actionType: "delete_customers", code: "record.purged" },
      create: `
        UPDATE shop.customer SET "deletedAt" = now() AT TIME ZONE 'UTC', "deletedBy" = NULL
        FROM victim WHERE id = record_id::bigint`,
    },
  ],
  rules: "",
  enforcesLines: false,
  placeOrder: placeLines("LIMIT $2"),
  edit: {
    delete_products: editSql("product"),
    delete_customers: editSql("customer"),
  },
  checks: [
    `SELECT format('Product %s was marked at %s by %s, its variant %s at %s by %s.', product.id, product."deletedAt",
       product."deletedBy", variant.id, variant."deletedAt", variant."deletedBy") AS sentence
     FROM shop.product JOIN shop.product_variant variant ON "productId" = product.id
     WHERE (product."deletedAt", product."deletedBy") IS DISTINCT FROM (variant."deletedAt", variant."deletedBy")`,

    `SELECT format('Product %s is marked, but has a price.', product.id) AS sentence
     FROM shop.product JOIN shop.product_variant variant ON "productId" = product.id
     JOIN shop.price ON "variantId" = variant.id WHERE product."deletedAt" IS NOT NULL`,

    `SELECT format('Price %s of variant %s, whose product %s is not marked, is gone.', code, "variantId", "productId")
       AS sentence
     FROM chaos.prices_before JOIN shop.product ON product.id = "productId"
     WHERE "deletedAt" IS NULL
       AND NOT EXISTS (SELECT FROM shop.price
         WHERE price."variantId" = prices_before."variantId" AND price.code = prices_before.code)`,

    `SELECT format('Customer %s is marked, but order %s is still theirs.', customer.id, "order".id) AS sentence
     FROM shop.customer JOIN shop."order" ON "customerId" = customer.id WHERE customer."deletedAt" IS NOT NULL`,

    `SELECT format('Record %s was marked by %s at %s, but bulk action %s, submitted at %s, says that it did that.',
       record_id, "deletedBy", "deletedAt", bulk_action_id, created_at) AS sentence
     FROM (SELECT 'delete_products' AS action_type, id::text AS record_id, "deletedAt", "deletedBy" FROM shop.product
           UNION ALL SELECT 'delete_customers', id::text, "deletedAt", "deletedBy" FROM shop.customer) AS marked
     JOIN outcome USING (action_type, record_id) JOIN bulk.bulk_actions ON bulk_actions.id = bulk_action_id
     WHERE kind = 'deleted' AND ("deletedBy", "deletedAt" AT TIME ZONE 'UTC') IS DISTINCT FROM (bulk_action_id, created_at)`,
  ],
};

const PRODUCTS = `
  INSERT INTO shop.product ("storeId", name)
  SELECT $1::integer, 'Product ' || n FROM generate_series(1, $2::integer) AS n RETURNING id, id AS number`;

const VARIANTS = `
  INSERT INTO shop.product_variant ("productId")
  SELECT id FROM unnest($1::bigint[]) AS id, generate_series(1, 1 + id::integer % 2)`;

const PRICES = `
  INSERT INTO shop.price ("variantId", code)
  SELECT id, code FROM shop.product_variant, unnest(ARRAY['EUR', 'INR']) AS code WHERE "productId" = ANY ($1::bigint[])`;

const CUSTOMERS = `
  INSERT INTO shop.customer (name)
  SELECT 'Customer ' || n || ' of ' || $1::text FROM generate_series(1, $2::integer) AS n RETURNING id, id AS number`;

const CHANNELS = `
  INSERT INTO shop.customer_channel ("customerId", "channelId") SELECT id, $1::integer FROM unnest($2::bigint[]) AS id`;

const ORDERS = `
  INSERT INTO shop."order" ("channelId", "customerId") SELECT $1::integer, id FROM unnest($2::bigint[]) AS id`;

/** One line for each of some products that are there, in an order of their shop. */
function placeLines(limit: string): string {
  return `
    WITH product AS (
      SELECT id, "storeId" FROM shop.product WHERE id = ANY ($1::bigint[]) AND "deletedAt" IS NULL ${limit}),
    placed AS (
      INSERT INTO shop."order" ("channelId") SELECT DISTINCT "storeId" FROM product RETURNING id, "channelId")
    INSERT INTO shop.order_line ("orderId", "variantId")
    SELECT placed.id, (SELECT min(variant.id) FROM shop.product_variant variant WHERE "productId" = product.id)
    FROM product JOIN placed ON "channelId" = "storeId"`;
}

function editSql(table: string): string {
  return `UPDATE shop.${table} SET name = name || ' (edited)', "updatedAt" = clock_timestamp()
    WHERE id IN (SELECT id FROM shop.${table} WHERE id = ANY ($1::bigint[]) AND "deletedAt" IS NULL LIMIT $2)
      -- Again, for a row that was marked while this waited for it.
      AND "deletedAt" IS NULL`;
}
