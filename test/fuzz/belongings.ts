import { randomUUID } from "node:crypto";
import type { EXAMPLE_IDS } from "@bulk/wire/examples";
import type pg from "pg";
import { takeWritten } from "./writes.ts";

/** One object of each kind that a path can name, of one account. */
export type Belongings = {
  readonly ids: Readonly<Record<keyof typeof EXAMPLE_IDS, string>>;
  /**
   * Returns the tables in which something of the account was written since the last call. If there are any, makes the
   * objects again what they were, and removes what would be in the way of the next requests.
   */
  restore(): Promise<readonly string[]>;
};

type Status = "pending" | "completed";

/**
 * Writes the objects. The database must be watched (`watchWrites`).
 *
 * @param status `pending`: the bulk action can be canceled; `completed`: it can be retried, and has odd ids
 */
export async function openBelongings(pool: pg.Pool, accountId: string, status: Status): Promise<Belongings> {
  const ids = {
    bulk_actions: randomUUID(),
    webhook_endpoints: randomUUID(),
    webhook_deliveries: randomUUID(),
  };
  const write = () => writeInOneGo(pool, writeAgain(accountId, ids, status));
  await write();
  await takeWritten(pool, accountId);
  return {
    ids,
    async restore() {
      const written = await takeWritten(pool, accountId);
      if (written.length > 0) await write();
      return written;
    },
  };
}

/** Removes every bulk action and endpoint of the account, and what hangs on them. */
export async function removeWritten(pool: pg.Pool, accountId: string): Promise<void> {
  await writeInOneGo(
    pool,
    `DELETE FROM bulk.webhook_endpoints WHERE account_id = '${accountId}';
     DELETE FROM bulk.bulk_actions WHERE account_id = '${accountId}'`,
  );
}

/** A worker may lock the same rows in another order; then once more. */
async function writeInOneGo(pool: pg.Pool, sql: string): Promise<void> {
  try {
    await pool.query(sql);
  } catch (error) {
    if (!isDeadlock(error)) throw error;
    await writeInOneGo(pool, sql);
  }
}

function isDeadlock(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "40P01";
}

/** Its action type, the column of its ids, and these in SQL. */
const IDS_BY_STATUS: Readonly<Record<Status, readonly [string, string, string]>> = {
  pending: [
    "delete_products",
    "record_ids",
    "ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()]",
  ],
  completed: ["delete_texts", "text_ids", `ARRAY['a,b', '["', E'\\\\ \\n語']`],
};

/**
 * Bulk actions that were created stay, for workers to do; but no key that was used, and no endpoint, of which an account
 * has ten at most. All ids are our own, and in one text it takes one round trip.
 */
function writeAgain(accountId: string, ids: Belongings["ids"], status: Status): string {
  const [actionType, column, array] = IDS_BY_STATUS[status];
  return `
    DELETE FROM bulk.webhook_endpoints WHERE account_id = '${accountId}';
    DELETE FROM bulk.bulk_actions
    WHERE account_id = '${accountId}' AND (id = '${ids.bulk_actions}' OR idempotency_key IS NOT NULL);
    INSERT INTO bulk.bulk_actions (account_id, id, action_type, record_count, status)
    VALUES ('${accountId}', '${ids.bulk_actions}', '${actionType}', 3, '${status}');
    INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, ${column}, record_count)
    VALUES ('${ids.bulk_actions}', 0, ${array}, 3);
    INSERT INTO bulk.webhook_endpoints (account_id, id, url, webhook_events, sealed_secret)
    VALUES ('${accountId}', '${ids.webhook_endpoints}', 'https://shop.example/', '{bulk_action.finished}', '');
    INSERT INTO bulk.webhook_deliveries (account_id, endpoint_id, id, event_type)
    VALUES ('${accountId}', '${ids.webhook_endpoints}', '${ids.webhook_deliveries}', 'webhook_endpoint.test')`;
}
