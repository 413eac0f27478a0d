import { randomUUID } from "node:crypto";
import type { EXAMPLE_IDS } from "@bulk/api/examples";
import type pg from "pg";

/** One object of each kind that a path can name, of one account. */
export type Belongings = {
  readonly ids: Readonly<Record<keyof typeof EXAMPLE_IDS, string>>;
  /** Makes everything of the account what it was at the beginning; answers the tables where it was not. */
  restore(): Promise<readonly string[]>;
};

/** @param status `pending`: the bulk action can be canceled; `completed`: it can be retried */
export async function openBelongings(
  pool: pg.Pool,
  accountId: string,
  status: "pending" | "completed",
): Promise<Belongings> {
  const ids = {
    bulk_actions: randomUUID(),
    webhook_endpoints: randomUUID(),
    webhook_deliveries: randomUUID(),
  };
  async function write(): Promise<Traces> {
    for (const table of Object.keys(ids).reverse())
      await pool.query(`DELETE FROM ${table} WHERE account_id = $1`, [accountId]);
    await pool.query(INSERT_ACTION, [accountId, ids.bulk_actions, status]);
    await pool.query(INSERT_ENDPOINT, [accountId, ids.webhook_endpoints, ids.webhook_deliveries]);
    return await readTraces(pool, accountId);
  }
  let expected = await write();
  return {
    ids,
    async restore() {
      const found = await readTraces(pool, accountId);
      const changed = Object.keys(TABLES).filter((table) => found.get(table) !== expected.get(table));
      if (changed.length > 0) expected = await write();
      return changed;
    },
  };
}

const INSERT_ACTION = `
  WITH written AS (
    INSERT INTO bulk_actions (account_id, id, action_type, record_count, status)
    VALUES ($1, $2, 'delete_products', 1, $3) RETURNING id)
  INSERT INTO bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
  SELECT id, 0, ARRAY[gen_random_uuid()], 1 FROM written`;

const INSERT_ENDPOINT = `
  WITH written AS (
    INSERT INTO webhook_endpoints (account_id, id, url, webhook_events, sealed_secret)
    VALUES ($1, $2, 'https://shop.example/', '{bulk_action.finished}', '') RETURNING id, account_id)
  INSERT INTO webhook_deliveries (account_id, endpoint_id, id, event_type)
  SELECT account_id, id, $3, 'webhook_endpoint.test' FROM written`;

/** Every table of ours, and which of its rows are an account's. */
const TABLES = {
  accounts: "id = $1",
  api_tokens: "account_id = $1",
  customers: "account_id = $1",
  products: "account_id = $1",
  orders: "account_id = $1",
  line_items: "order_id IN (SELECT id FROM orders WHERE account_id = $1)",
  bulk_actions: "account_id = $1",
  bulk_action_chunks: "bulk_action_id IN (SELECT id FROM bulk_actions WHERE account_id = $1)",
  webhook_endpoints: "account_id = $1",
  webhook_deliveries: "account_id = $1",
} as const;

/** A digest of each table's rows. */
type Traces = ReadonlyMap<string, string>;

// That a token was used is written for refused requests too.
const READ_TRACES = Object.entries(TABLES)
  .map(
    ([table, isOwn]) => `
      SELECT '${table}' AS table, md5(string_agg(row, '' ORDER BY row)) AS digest
      FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${table} AS t WHERE ${isOwn}) AS own`,
  )
  .join(" UNION ALL ");

async function readTraces(pool: pg.Pool, accountId: string): Promise<Traces> {
  const { rows } = await pool.query<{ table: string; digest: string }>(READ_TRACES, [accountId]);
  return new Map(rows.map(({ table, digest }) => [table, digest]));
}
