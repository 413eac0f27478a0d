import type { Database, Queryable } from "./database.ts";
import { textArray } from "./sql.ts";

export type ShopSize = {
  readonly products: number;
  readonly customers: number;
  /** How many of the products are on an order line. */
  readonly inUse: number;
};

/** The rows that `seedShop` added. */
export type SeededShop = {
  readonly accountId: string;
  /** All added products, those in use first. */
  readonly productIds: readonly string[];
  readonly inUseProductIds: readonly string[];
  readonly customerIds: readonly string[];
};

/** Adds products, customers and orders to the account of this name, which is created if there is none. */
export async function seedShop(database: Database, account: string, size: ShopSize): Promise<SeededShop> {
  const { id: accountId } = await database.account.upsert({
    where: { name: account },
    create: { name: account },
    update: {},
  });
  return await database.$transaction(
    async (transaction) => {
      const customerIds = await insertCustomers(transaction, accountId, size.customers);
      const productIds = await insertProducts(transaction, accountId, size.products);
      const inUseProductIds = productIds.slice(0, size.inUse);
      await insertOrders(transaction, accountId, inUseProductIds, customerIds.slice(0, 1_000));
      return { accountId, productIds, inUseProductIds, customerIds };
    },
    { timeout: 600_000 },
  );
}

function insertCustomers(queryable: Queryable, accountId: string, count: number) {
  return readIds(queryable.$queryRaw`
    WITH added AS (
      INSERT INTO public.customers (account_id, email, name)
      SELECT ${accountId}::uuid, 'customer-' || n || '@example.com', 'Customer ' || n
      FROM generate_series(1, ${count}::int) AS n RETURNING id)
    SELECT string_agg(id::text, ',') AS ids FROM added`);
}

function insertProducts(queryable: Queryable, accountId: string, count: number) {
  return readIds(queryable.$queryRaw`
    WITH added AS (
      INSERT INTO public.products (account_id, name, sku, price_amount)
      SELECT ${accountId}::uuid, 'Product ' || n, 'SKU-' || n, 100 + n % 9900
      FROM generate_series(1, ${count}::int) AS n RETURNING id)
    SELECT string_agg(id::text, ',') AS ids FROM added`);
}

// Ten lines per order, as in a real shop. Without customers the orders belong to guests.
async function insertOrders(
  queryable: Queryable,
  accountId: string,
  productIds: readonly string[],
  customerIds: readonly string[],
): Promise<void> {
  await queryable.$executeRaw`
    WITH lines AS (
      SELECT product_id, (ordinal - 1) / 10 AS order_number
      FROM unnest(${textArray(productIds)}::uuid[]) WITH ORDINALITY AS line (product_id, ordinal)
    ),
    placed AS (
      INSERT INTO public.orders (id, account_id, customer_id)
      SELECT gen_random_uuid(), ${accountId}::uuid, customers.ids[1 + order_number % NULLIF(cardinality(customers.ids), 0)]
      FROM (SELECT DISTINCT order_number FROM lines) AS numbers,
           (SELECT ${textArray(customerIds)}::uuid[] AS ids) AS customers
      RETURNING id
    ),
    numbered AS (SELECT id, row_number() OVER () - 1 AS order_number FROM placed)
    INSERT INTO public.line_items (order_id, product_id)
    SELECT numbered.id, lines.product_id FROM lines JOIN numbered USING (order_number)`;
}

async function readIds(query: Promise<unknown>): Promise<readonly string[]> {
  const rows = (await query) as readonly { readonly ids: string | null }[];
  return rows[0]?.ids?.split(",") ?? [];
}
