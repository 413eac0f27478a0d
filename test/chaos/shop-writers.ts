import type pg from "pg";
import type { Arena } from "./arena.ts";
import { SHOP_SESSIONS } from "./ledger.ts";
import { pause } from "./pause.ts";
import { ACTION_TYPES } from "./shop.ts";

/**
 * Somebody orders products that are being deleted, and customers who are being deleted order something. Answers whether an
 * order came to be. When the transaction had surely ended is noted for the checker.
 */
export async function placeOrder(
  { database, host, recentIds }: Arena,
  fault: { readonly count: number; readonly openMs: number; readonly commits: boolean },
  ending: AbortSignal,
): Promise<boolean> {
  let xid: string | undefined;
  const isDone = await inTransaction(database, fault.commits ? "COMMIT" : "ROLLBACK", async (client) => {
    let placed = 0;
    for (const [statement, actionType] of [
      [host.placeOrder, "delete_products"],
      [host.placeOrderOf, "delete_customers"],
    ] as const) {
      if (statement === undefined) continue;
      const { rowCount } = await client.query(statement, [recentIds(actionType), fault.count]);
      placed += rowCount ?? 0;
    }
    const { rows } = await client.query<{ xid: string }>("SELECT pg_current_xact_id()::text AS xid");
    xid = rows[0]?.xid;
    await pause(fault.openMs, ending);
    return placed > 0;
  });
  // The database may be away; then the order counts as one that came late.
  if (isDone) await database.query(NOTE_COMMIT, [xid]).catch(() => undefined);
  return isDone;
}

const NOTE_COMMIT = "INSERT INTO chaos.commits VALUES ($1::xid8, clock_timestamp())";

/** Somebody edits records that are being deleted, and is slow to save. Answers whether there were any. */
export async function editRecords(
  { database, host, recentIds }: Arena,
  { count, openMs }: { readonly count: number; readonly openMs: number },
  ending: AbortSignal,
): Promise<boolean> {
  return await inTransaction(database, "COMMIT", async (client) => {
    let edited = 0;
    for (const actionType of ACTION_TYPES) {
      const { rowCount } = await client.query(host.edit[actionType], [recentIds(actionType), count]);
      edited += rowCount ?? 0;
    }
    await pause(openMs, ending);
    return edited > 0;
  });
}

/*
 * The database may go away in the middle, and the service's statement may win: the product is gone
 * (23503), the lock was not to be had, a deadlock. Then nothing has happened here.
 */
async function inTransaction(
  database: pg.Pool,
  ending: "COMMIT" | "ROLLBACK",
  work: (client: pg.PoolClient) => Promise<boolean>,
): Promise<boolean> {
  const client = await database.connect().catch(() => undefined);
  if (client === undefined) return false;
  try {
    await client.query(
      `BEGIN; SET LOCAL application_name = '${SHOP_SESSIONS}'; SET LOCAL lock_timeout = '3s'`,
    );
    const isDone = await work(client);
    await client.query(ending);
    client.release();
    return isDone;
  } catch (error) {
    // Ends the connection, and with it the transaction.
    client.release(true);
    if (isExpected(error)) return false;
    throw error;
  }
}

function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (/^(08|57P|23503|23001|55P03|40P01|ECONN|EPIPE)/.test(code)) return true;
  // node-postgres reports a connection that is gone by message only.
  return /Connection terminated|connection error|Client was closed/.test(error.message);
}
