import { asServiceRole } from "../../support/service-role.ts";
import { SHOP_SESSIONS } from "../ledger.ts";
import type { ChaosHost } from "./chaos-host.ts";
import { addRecords, createAccount, dealOut, grantService } from "./declared-host.ts";
import { TEXT_SHOP } from "./text-shop.ts";

/** Runs on a shop that deletes: text keys, and rows that go along by a step or by a cascade of the database. */
export const textHost: ChaosHost = {
  declaration: TEXT_SHOP.declaration,
  serviceUrl: asServiceRole,
  async prepare(database) {
    await database.query(TEXT_SHOP.tables);
    await grantService(database, TEXT_SHOP.declaration);
  },
  async fill(databaseUrl, database, number, size) {
    const key = `store "${number}", {main}`;
    const account = await createAccount(databaseUrl, database, { name: `chaos ${number}`, key });
    const productIds = await addRecords(database, PRODUCTS, key, size.products);
    await database.query(TAGS, [productIds]);
    await database.query(IMAGES, [productIds]);
    await database.query(REVIEWS, [productIds]);
    await database.query(PROFILES, [key, size.customers]);
    const customerIds = await addRecords(database, CUSTOMERS, key, size.customers);
    await database.query(ORDERS, [key, customerIds.slice(0, 1_000)]);
    await database.query(placeLines("LIMIT 1000000"), [productIds.slice(0, size.inUse)]);
    return { ...account, ...dealOut(productIds, customerIds, size) };
  },
  unknownId: (random) => `nobody's, "${random.uuid()}"`,
  lens: `
    CREATE VIEW chaos.present AS
      SELECT 'delete_products' AS action_type, handle AS record_id, accounts.id AS account_id
      FROM public."Product" JOIN bulk.accounts ON key = store
      UNION ALL
      SELECT 'delete_customers', customer.id, accounts.id FROM public.customer JOIN bulk.accounts ON key = store;
    CREATE VIEW chaos.lines AS SELECT id::text, product AS record_id FROM public.order_line;
    CREATE VIEW chaos.orders AS
      SELECT "order".id::text, accounts.id AS account_id FROM public."order" JOIN bulk.accounts ON key = store;
    CREATE FUNCTION chaos.note_products() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.deletions
        SELECT 'delete_products', handle, accounts.id, pg_current_xact_id(), clock_timestamp()
        FROM gone JOIN bulk.accounts ON key = store;
        RETURN NULL;
      END $$;
    CREATE FUNCTION chaos.note_customers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.deletions
        SELECT 'delete_customers', gone.id, accounts.id, pg_current_xact_id(), clock_timestamp()
        FROM gone JOIN bulk.accounts ON key = store;
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note AFTER DELETE ON public."Product" REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_products();
    CREATE TRIGGER chaos_note AFTER DELETE ON public.customer REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_customers();
    CREATE FUNCTION chaos.note_products_restored() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.restorations
        SELECT 'delete_products', handle, accounts.id, pg_current_xact_id(), clock_timestamp()
        FROM come JOIN bulk.accounts ON key = store WHERE current_setting('application_name') <> '${SHOP_SESSIONS}';
        RETURN NULL;
      END $$;
    CREATE FUNCTION chaos.note_customers_restored() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.restorations
        SELECT 'delete_customers', come.id, accounts.id, pg_current_xact_id(), clock_timestamp()
        FROM come JOIN bulk.accounts ON key = store WHERE current_setting('application_name') <> '${SHOP_SESSIONS}';
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note_restored AFTER INSERT ON public."Product" REFERENCING NEW TABLE AS come
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_products_restored();
    CREATE TRIGGER chaos_note_restored AFTER INSERT ON public.customer REFERENCING NEW TABLE AS come
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_customers_restored();
    CREATE TRIGGER chaos_slow AFTER INSERT OR DELETE ON public."Product"
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE TRIGGER chaos_slow AFTER INSERT OR DELETE ON public.customer
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE UNIQUE INDEX name_in_store ON public.customer (store, name);
    CREATE TABLE chaos.tags_before AS SELECT product, tag FROM public.product_tag;
    CREATE TABLE chaos.buyers_before AS SELECT id, customer FROM public."order";`,
  tables: [
    {
      ...{ table: 'public."Product"', key: (row) => `${row}.handle` },
      goesWith: (row) => ({ actionType: "delete_products", recordId: `${row}.handle` }),
    },
    {
      ...{ table: "public.product_tag", key: (row) => `concat_ws(' ', ${row}.tag, ${row}.product)` },
      goesWith: (row) => ({ actionType: "delete_products", recordId: `${row}.product` }),
    },
    {
      ...{ table: "public.review", key: (row) => `${row}.id` },
      goesWith: (row) => ({ actionType: "delete_products", recordId: `${row}.product` }),
    },
    // The database deletes them by a cascade that the declaration does not know, so nobody keeps them.
    {
      ...{ table: "public.image", key: (row) => `${row}.id`, isLost: true },
      goesWith: (row) => ({ actionType: "delete_products", recordId: `${row}.product` }),
    },
    {
      ...{ table: "public.customer", key: (row) => `${row}.id` },
      goesWith: (row) => ({ actionType: "delete_customers", recordId: `${row}.id` }),
    },
    {
      ...{ table: 'public."order"', key: (row) => `${row}.id` },
      // The reference comes back; the note, which is no reference and no mark, stays.
      line: (row) => `ROW(${row}.id, ${row}.store, ${row}.customer)::text`,
      goesWith: (row) => ({ actionType: "delete_customers", recordId: `${row}.customer` }),
    },
    { table: "public.order_line", key: (row) => `${row}.id` },
  ],
  obstacles: [
    {
      ...{ actionType: "delete_products", code: "record.exists" },
      create: `
        INSERT INTO public."Product" (handle, store, name)
        SELECT record_id, key, 'Another' FROM victim JOIN bulk.accounts ON accounts.id = account_id`,
    },
    {
      ...{ actionType: "delete_customers", code: "record.unique_taken:name_in_store" },
      create: `
        INSERT INTO public.customer (id, store, name)
        SELECT 'another ' || record_id, (line::public.customer).store, (line::public.customer).name
        FROM victim JOIN chaos.written USING (record_id) WHERE part = 'public.customer'`,
    },
    {
      ...{ actionType: "delete_customers", code: "record.parent_gone" },
      create: "DELETE FROM public.profile USING victim WHERE id = record_id",
    },
  ],
  rules: "",
  enforcesLines: true,
  placeOrder: placeLines("LIMIT $2"),
  edit: { delete_products: editSql("Product", "handle"), delete_customers: editSql("customer", "id") },
  checks: [
    `SELECT format('Product %s is gone, but its tag %s is there.', product, tag) AS sentence
     FROM public.product_tag WHERE product NOT IN (SELECT handle FROM public."Product")`,

    `SELECT format('Tag %s of product %s, which is there, is gone.', tag, product) AS sentence
     FROM chaos.tags_before JOIN public."Product" ON handle = product
     WHERE NOT EXISTS (SELECT FROM public.product_tag now
       WHERE now.product = tags_before.product AND now.tag = tags_before.tag)`,

    `SELECT format('Review %s of product %s names %s.', id, text, product) AS sentence
     FROM public.review LEFT JOIN public."Product" ON handle = text WHERE product IS DISTINCT FROM handle`,

    `SELECT format('Order %s of customer %s has lost them, who are there, or has kept them, who are gone.',
       "order".id, buyers_before.customer) AS sentence
     FROM chaos.buyers_before JOIN public."order" USING (id) LEFT JOIN public.customer ON customer.id = buyers_before.customer
     WHERE buyers_before.customer IS NOT NULL
       AND (customer.id IS NULL) IS DISTINCT FROM ("order".note IS NOT NULL AND "order".customer IS NULL)`,
  ],
};

// One key in eight has what arrays, CSV and JSON give a meaning to.
const KEY = `CASE n % 8 WHEN 0 THEN '["' || left(md5($1), 6) || '", {' || n || '}]\\' ELSE left(md5($1), 6) || '_' || n END`;

const PRODUCTS = `
  INSERT INTO public."Product" (handle, store, name)
  SELECT 'p' || ${KEY}, $1::text, n FROM generate_series(1, $2::integer) AS n
  RETURNING handle AS id, name::integer AS number`;

const CUSTOMERS = `
  INSERT INTO public.customer (id, store, name, profile)
  SELECT 'c' || ${KEY}, $1::text, n, 'c' || ${KEY} FROM generate_series(1, $2::integer) AS n
  RETURNING id, name::integer AS number`;

const PROFILES = `INSERT INTO public.profile SELECT 'c' || ${KEY} FROM generate_series(1, $2::integer) AS n`;

const TAGS = `
  INSERT INTO public.product_tag (product, tag)
  SELECT handle, tag FROM unnest($1::text[]) AS handle, unnest(ARRAY['new', 'sale']) AS tag`;

const IMAGES = `INSERT INTO public.image (product) SELECT unnest($1::text[])`;

const REVIEWS = `INSERT INTO public.review (product, text) SELECT handle, handle FROM unnest($1::text[]) AS handle`;

const ORDERS = `
  INSERT INTO public."order" (store, customer) SELECT $1::text, unnest($2::text[])`;

/** One line for each of some products, in an order of their shop. */
function placeLines(limit: string): string {
  return `
    WITH product AS (SELECT handle, store FROM public."Product" WHERE handle = ANY ($1::text[]) ${limit}),
    placed AS (INSERT INTO public."order" (store) SELECT DISTINCT store FROM product RETURNING id, store)
    INSERT INTO public.order_line ("orderId", product)
    SELECT placed.id, handle FROM product JOIN placed USING (store)`;
}

function editSql(table: string, key: string): string {
  return `UPDATE public."${table}" SET name = name || ' (edited)', "updatedAt" = clock_timestamp()
    WHERE ${key} IN (SELECT ${key} FROM public."${table}" WHERE ${key} = ANY ($1::text[]) LIMIT $2)`;
}
