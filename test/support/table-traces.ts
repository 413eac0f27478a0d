import type pg from "pg";

/** Every table of ours, and which of its rows are an account's; those of operators are everybody's. */
const TABLES = {
  "bulk.accounts": "id = $1",
  "bulk.api_tokens": "account_id = $1",
  "public.customers": "account_id = $1",
  "public.products": "account_id = $1",
  "public.orders": "account_id = $1",
  "public.line_items": "order_id IN (SELECT id FROM orders WHERE account_id = $1)",
  "bulk.bulk_actions": "account_id = $1",
  "bulk.bulk_action_chunks": "bulk_action_id IN (SELECT id FROM bulk.bulk_actions WHERE account_id = $1)",
  "bulk.webhook_endpoints": "account_id = $1",
  "bulk.webhook_deliveries": "account_id = $1",
  "bulk.pauses": "$1::uuid IS NOT NULL",
  "bulk.throttles": "$1::uuid IS NOT NULL",
  "bulk.audit_entries": "$1::uuid IS NOT NULL",
} as const;

/** A digest of each table's rows. */
export type Traces = ReadonlyMap<string, string>;

/** Digests of what the tables have about an account. */
export async function readTraces(
  database: Pick<pg.Client | pg.Pool, "query">,
  accountId: string,
): Promise<Traces> {
  // By name, so that it is planned once for each connection.
  const query = { name: "traces", text: READ_TRACES, values: [accountId] };
  const { rows } = await database.query<{ table: string; digest: string }>(query);
  return new Map(rows.map(({ table, digest }) => [table, digest]));
}

/** The tables that are not what they were. */
export function findChanged(before: Traces, after: Traces): readonly string[] {
  return Object.keys(TABLES).filter((table) => before.get(table) !== after.get(table));
}

// That a token was used is written for refused requests too.
const READ_TRACES = Object.entries(TABLES)
  .map(
    ([table, isOwn]) => `
      SELECT '${table}' AS table, md5(string_agg(row, '' ORDER BY row)) AS digest
      FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${table} AS t WHERE ${isOwn}) AS own`,
  )
  .join(" UNION ALL ");
