import { readFile } from "node:fs/promises";
import { connectClient, createClient } from "@bulk/postgres/connect";
import type { Client } from "pg";

/**
 * Creates the tables of the sample shop in the schema `public`, all or none; does nothing if they exist. Several processes
 * may call it at once.
 *
 * @throws Error when the database has another table of one of these names: it is not ours to fill
 */
export async function createSampleShop(databaseUrl: string): Promise<void> {
  const options = { url: databaseUrl, applicationName: "bulk-actions-sample-shop" };
  const client = createClient(options);
  await connectClient(client, options);
  try {
    await client.query("BEGIN; SELECT pg_advisory_xact_lock(hashtext('bulk_actions.sample_shop'))");
    if (!(await hasShop(client))) {
      await client.query(await readFile(new URL("sample-shop.sql", import.meta.url), "utf8"));
    }
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}

/** The columns by which its tables are recognised. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  customers: ["id", "account_id", "email", "name"],
  products: ["id", "account_id", "name", "sku", "price_amount", "archived_at"],
  orders: ["id", "account_id", "customer_id"],
  line_items: ["id", "order_id", "product_id", "quantity"],
};

async function hasShop(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `SELECT relname::text AS "table", array_agg(attname::text) AS columns
     FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
     WHERE relnamespace = 'public'::regnamespace AND relname = ANY ($1) GROUP BY 1`,
    [Object.keys(COLUMNS)],
  );
  const found = new Map(rows.map(({ table, columns }) => [table, columns]));
  const others = [...found].filter(
    ([table, columns]) => !COLUMNS[table]?.every((column) => columns.includes(column)),
  );
  if (others.length > 0) throw new Error(describeOthers(others.map(([table]) => table)));
  const missing = Object.keys(COLUMNS).filter((table) => !found.has(table));
  if (missing.length > 0 && found.size > 0) throw new Error(describeOthers([...found.keys()]));
  return missing.length === 0;
}

function describeOthers(tables: readonly string[]): string {
  return (
    `The database has tables of its own with names of the sample shop: ${tables.map((table) => `public.${table}`).join(", ")}. ` +
    "Nothing was created. Use an empty database for samples (unset DATABASE_URL for the embedded server)."
  );
}
