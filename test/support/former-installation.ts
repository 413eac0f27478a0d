import { applyMissing } from "@bulk/migration/apply/apply-missing";
import { type MigrationConnection, withMigrationConnection } from "@bulk/migration/migration-connection";
import { loadFormerMigrations, PRISMA_DIRECTORY } from "@bulk/migration/prisma-directory";

/** The number of migrations that the last version of each line had. */
export const FORMER_VERSIONS = { "0.1": 5, "0.2": 8, "0.3": 9 } as const;

export type FormerVersion = keyof typeof FORMER_VERSIONS;

/** What `installFormer` wrote. */
export const FORMER = {
  account: "8a0f2b0e-6f0a-4c1e-9d53-3d0f3d0c1a11",
  open: "11111111-1111-4111-8111-111111111111",
  ended: "22222222-2222-4222-8222-222222222222",
  endpoint: "33333333-3333-4333-8333-333333333333",
  /** The secret of its token. */
  token: "bulk_live_former",
  products: 40,
} as const;

/**
 * Installs a version before 0.4 in a schema, as its `pnpm migrate` did, with rows: a shop, a bulk action that has not begun,
 * one that has ended with skips and a failure, a webhook endpoint and its deliveries.
 */
export async function installFormer(url: string, version: FormerVersion, schema: string): Promise<void> {
  const migrations = await loadFormerMigrations(PRISMA_DIRECTORY);
  await withMigrationConnection(url, async (connection) => {
    await connection.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await applyMissing({
      databaseUrl: url,
      connection,
      migrations: migrations.slice(0, FORMER_VERSIONS[version]),
      place: { table: `${schema}._prisma_migrations`, folder: "prisma/carry-over" },
      schema,
    });
    await connection.query(`SET search_path = ${schema}`);
    await connection.query(ROWS);
    if (version !== "0.1") await connection.query(ROWS_SINCE_0_2);
  });
}

/** Every row of the tables of a former installation, as JSON, whichever schema a table is in now. */
export async function readFormerRows(url: string, schemas: readonly string[]) {
  return await withMigrationConnection(url, async (connection) => {
    const { rows } = await connection.query<{ schema: string; table: string }>(
      `SELECT schemaname AS schema, tablename AS "table" FROM pg_tables
       WHERE schemaname = ANY ($1) AND tablename <> '_prisma_migrations' ORDER BY 2`,
      [schemas],
    );
    const tables: [string, unknown][] = [];
    for (const { schema, table } of rows) tables.push([table, await readRows(connection, schema, table)]);
    return Object.fromEntries(tables);
  });
}

async function readRows(connection: MigrationConnection, schema: string, table: string): Promise<unknown> {
  const { rows } = await connection.query<{ rows: unknown }>(
    `SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(t)) ORDER BY to_jsonb(t)), '[]') AS rows
     FROM ${schema}.${table} AS t`,
  );
  return rows[0]?.rows;
}

const ROWS = `
  INSERT INTO accounts (id, name) VALUES ('${FORMER.account}', 'former');
  INSERT INTO api_tokens (account_id, name, digest, scopes) VALUES ('${FORMER.account}', 'ci',
    sha256('${FORMER.token}'),
    '{bulk_actions:read,bulk_actions:write,webhook_endpoints:read,webhook_endpoints:write}');
  INSERT INTO products (account_id, name, sku, price_amount)
  SELECT '${FORMER.account}', 'Product ' || n, 'SKU-' || n, n FROM generate_series(1, ${FORMER.products}) AS n;
  INSERT INTO customers (account_id, email, name) VALUES ('${FORMER.account}', 'a@example.com', 'A');
  INSERT INTO orders (account_id, customer_id) SELECT '${FORMER.account}', id FROM customers;
  INSERT INTO line_items (order_id, product_id)
  SELECT orders.id, products.id FROM orders, products WHERE sku IN ('SKU-1', 'SKU-2');
  INSERT INTO bulk_actions (id, account_id, action_type, record_count)
  VALUES ('${FORMER.open}', '${FORMER.account}', 'delete_products', ${FORMER.products});
  INSERT INTO bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
  SELECT '${FORMER.open}', position, (SELECT array_agg(id ORDER BY price_amount) FROM products
    WHERE price_amount BETWEEN position + 1 AND position + 10), 10
  FROM generate_series(0, ${FORMER.products} - 1, 10) AS position;
  INSERT INTO bulk_actions (id, account_id, action_type, record_count, status, started_at, finished_at)
  VALUES ('${FORMER.ended}', '${FORMER.account}', 'delete_products', 4, 'completed', now(), now());
  INSERT INTO bulk_action_chunks (bulk_action_id, position, record_ids, record_count, done_count, finished_at,
    deleted_count, skipped_count, failed_count, skipped_ids, skipped_codes, failed_ids, failed_codes, last_error)
  SELECT '${FORMER.ended}', 0, ids, 4, 4, now(), 1, 2, 1, ids[2:3], '{record.in_use,record.not_found}', ids[4:4],
    '{record.locked}', 'deadlock'
  FROM (SELECT array_agg(gen_random_uuid()) AS ids FROM generate_series(1, 4)) AS generated;
  INSERT INTO webhook_endpoints (id, account_id, url, webhook_events, sealed_secret)
  VALUES ('${FORMER.endpoint}', '${FORMER.account}', 'https://shop.example/', '{bulk_action.finished}', '\\x01');
  INSERT INTO webhook_deliveries (account_id, endpoint_id, event_type, bulk_action_id)
  VALUES ('${FORMER.account}', '${FORMER.endpoint}', 'bulk_action.finished', '${FORMER.ended}');
  INSERT INTO webhook_deliveries (account_id, endpoint_id, event_type, status, next_attempt_at, finished_at)
  VALUES ('${FORMER.account}', '${FORMER.endpoint}', 'webhook_endpoint.test', 'failed', NULL, now());`;

const ROWS_SINCE_0_2 = `
  INSERT INTO pauses (scope, subject, paused_by) VALUES ('account', gen_random_uuid()::text, 'night shift');
  INSERT INTO throttles (action_type, records_per_second, set_by) VALUES ('delete_customers', 1000, 'night shift');
  INSERT INTO audit_entries (bulk_action_id, account_id, action_type, status, record_count, deleted_count, skipped_count,
    failed_count, created_at, finished_at, digest)
  VALUES (gen_random_uuid(), '${FORMER.account}', 'delete_products', 'succeeded', 1, 1, 0, 0, now(), now(), '\\x02');`;
