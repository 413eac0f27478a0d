import { fillShop } from "@bulk/local/fill-shop";
import { type LedgerTable, SHOP_SESSIONS } from "../ledger.ts";
import type { ActionType } from "../shop.ts";
import type { ChaosHost } from "./chaos-host.ts";

/** The sample shop: uuid keys, records that are deleted. */
export const ownHost: ChaosHost = {
  declaration: undefined,
  serviceUrl: (databaseUrl) => databaseUrl,
  prepare: async () => undefined,
  async fill(databaseUrl, database, number, size) {
    const { accountId, token, ...shop } = await fillShop(databaseUrl, `chaos ${number}`, size);
    await database.query(ORDERS, [accountId]);
    const products = shop.productIds.slice(size.inUse);
    const recordIds = { delete_products: products, delete_customers: shop.customerIds };
    return { accountId, token, inUseProductIds: shop.inUseProductIds, recordIds };
  },
  unknownId: (random) => random.uuid(),
  lens: `
    CREATE VIEW chaos.present AS
      SELECT 'delete_products' AS action_type, id::text AS record_id, account_id FROM public.products
      UNION ALL SELECT 'delete_customers', id::text, account_id FROM public.customers;
    CREATE VIEW chaos.lines AS SELECT id::text, product_id::text AS record_id FROM public.line_items;
    CREATE VIEW chaos.orders AS SELECT id::text, account_id FROM public.orders;
    CREATE FUNCTION chaos.note_deletions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.deletions
        SELECT 'delete_' || TG_TABLE_NAME, id::text, account_id, pg_current_xact_id(), clock_timestamp() FROM gone;
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note AFTER DELETE ON public.products REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_deletions();
    CREATE TRIGGER chaos_note AFTER DELETE ON public.customers REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_deletions();
    CREATE FUNCTION chaos.note_restorations() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO chaos.restorations
        SELECT 'delete_' || TG_TABLE_NAME, id::text, account_id, pg_current_xact_id(), clock_timestamp() FROM come
        WHERE current_setting('application_name') <> '${SHOP_SESSIONS}';
        RETURN NULL;
      END $$;
    CREATE TRIGGER chaos_note_restored AFTER INSERT ON public.products REFERENCING NEW TABLE AS come
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_restorations();
    CREATE TRIGGER chaos_note_restored AFTER INSERT ON public.customers REFERENCING NEW TABLE AS come
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.note_restorations();
    CREATE TRIGGER chaos_slow AFTER INSERT OR DELETE ON public.products
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE TRIGGER chaos_slow AFTER INSERT OR DELETE ON public.customers
      FOR EACH STATEMENT EXECUTE FUNCTION chaos.be_slow();
    CREATE UNIQUE INDEX sku_of_account ON public.products (account_id, sku);
    CREATE UNIQUE INDEX email_of_account ON public.customers (account_id, email);`,
  tables: [
    record("public.products", "delete_products"),
    record("public.customers", "delete_customers"),
    {
      ...{ table: "public.orders", key: (row) => `${row}.id`, isDetached: true },
      goesWith: (row) => ({ actionType: "delete_customers", recordId: `${row}.customer_id` }),
    },
    { table: "public.line_items", key: (row) => `${row}.id` },
  ],
  obstacles: [
    {
      ...{ actionType: "delete_products", code: "record.exists" },
      create: `
        INSERT INTO public.products (id, account_id, name, sku, price_amount)
        SELECT record_id::uuid, account_id, 'Another', 'again ' || record_id, 1 FROM victim`,
    },
    {
      ...{ actionType: "delete_products", code: "record.unique_taken:sku_of_account" },
      create: `
        INSERT INTO public.products (account_id, name, sku, price_amount)
        SELECT account_id, 'Another', (line::public.products).sku, 1
        FROM victim JOIN chaos.written USING (record_id) WHERE part = 'public.products'`,
    },
    {
      ...{ actionType: "delete_customers", code: "record.exists" },
      create: `
        INSERT INTO public.customers (id, account_id, name, email)
        SELECT record_id::uuid, account_id, 'Another', 'again ' || record_id FROM victim`,
    },
    {
      ...{ actionType: "delete_customers", code: "record.unique_taken:email_of_account" },
      create: `
        INSERT INTO public.customers (account_id, name, email)
        SELECT account_id, 'Another', (line::public.customers).email
        FROM victim JOIN chaos.written USING (record_id) WHERE part = 'public.customers'`,
    },
  ],
  rules: "",
  enforcesLines: true,
  placeOrder: `
    WITH product AS (SELECT id, account_id FROM public.products WHERE id = ANY ($1::uuid[]) LIMIT $2),
    placed AS (
      INSERT INTO public.orders (id, account_id)
      SELECT gen_random_uuid(), account_id FROM (SELECT DISTINCT account_id FROM product) AS account
      RETURNING id, account_id)
    INSERT INTO public.line_items (order_id, product_id)
    SELECT placed.id, product.id FROM product JOIN placed USING (account_id)`,
  placeOrderOf: `
    INSERT INTO public.orders (account_id, customer_id)
    SELECT account_id, id FROM public.customers WHERE id = ANY ($1::uuid[]) LIMIT $2`,
  edit: { delete_products: editSql("products"), delete_customers: editSql("customers") },
  checks: [],
};

// Of customers everywhere in the shop: the sample has orders of the first ones only.
const ORDERS = `
  INSERT INTO public.orders (account_id, customer_id)
  SELECT account_id, id FROM (
    SELECT account_id, id, row_number() OVER (ORDER BY id) AS number FROM public.customers WHERE account_id = $1) AS numbered
  WHERE number % 20 = 0`;

function record(table: string, actionType: ActionType): LedgerTable {
  return {
    ...{ table, key: (row) => `${row}.id` },
    goesWith: (row) => ({ actionType, recordId: `${row}.id` }),
  };
}

function editSql(table: string): string {
  return `UPDATE public.${table} SET name = name || ' (edited)', updated_at = clock_timestamp()
    WHERE id IN (SELECT id FROM public.${table} WHERE id = ANY ($1::uuid[]) LIMIT $2)`;
}
