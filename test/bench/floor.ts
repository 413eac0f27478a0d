import pg from "pg";
import type { BenchEngines } from "./engines.ts";
import type { ActionType, BenchShop } from "./shop.ts";

/** What a worker uses on one bulk action with default settings: WINDOW lanes, CHUNK_SIZE ids at a time. */
const CONNECTIONS = 4;
const CHUNK_SIZE = 1_000;

const DELETE: Readonly<Record<ActionType, string>> = {
  delete_products: `
    DELETE FROM products WHERE account_id = $1 AND id IN (SELECT unnest($2::uuid[]))
      AND NOT EXISTS (SELECT FROM line_items WHERE line_items.product_id = products.id)`,
  delete_customers: "DELETE FROM customers WHERE account_id = $1 AND id IN (SELECT unnest($2::uuid[]))",
};

/**
 * The physical floor: milliseconds that the bare guarded DELETE takes over the same chunks on as many
 * connections, prepared once, with no outcome written down and no queue.
 */
export async function timeFloor({ databaseUrl }: BenchEngines, shop: BenchShop): Promise<number> {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(databaseUrl)));
  try {
    const chunks = cut(shop.recordIds);
    const startedAt = performance.now();
    await Promise.all(clients.map((client) => work(client, shop, chunks)));
    return performance.now() - startedAt;
  } finally {
    for (const client of clients) await client.end();
  }
}

async function work(client: pg.Client, shop: BenchShop, chunks: string[]): Promise<void> {
  for (let ids = chunks.shift(); ids !== undefined; ids = chunks.shift()) {
    await client.query({ name: "floor", text: DELETE[shop.actionType], values: [shop.accountId, ids] });
  }
}

function cut(ids: readonly string[]): string[] {
  return Array.from(
    { length: Math.ceil(ids.length / CHUNK_SIZE) },
    (_, index) => `{${ids.slice(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE).join(",")}}`,
  );
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "bench floor" });
  await client.connect();
  return client;
}
