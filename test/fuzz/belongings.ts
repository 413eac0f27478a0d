import { randomUUID } from "node:crypto";
import type { EXAMPLE_IDS } from "@bulk/api/examples";
import type pg from "pg";
import { findChanged, readTraces, type Traces } from "../support/table-traces.ts";

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
      const changed = findChanged(expected, found);
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
