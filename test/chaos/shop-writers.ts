import type pg from "pg";
import type { Arena } from "./arena.ts";
import { pause } from "./pause.ts";
import { ACTION_TYPES } from "./shop.ts";

/** A customer orders products that are being deleted. Answers whether the order lines came to be. */
export async function placeOrder(
  { database, host }: Arena,
  candidateIds: readonly string[],
  fault: { readonly count: number; readonly openMs: number; readonly commits: boolean },
  ending: AbortSignal,
): Promise<boolean> {
  return await inTransaction(database, fault.commits ? "COMMIT" : "ROLLBACK", async (client) => {
    const { rowCount } = await client.query(host.placeOrder, [candidateIds, fault.count]);
    await pause(fault.openMs, ending);
    return rowCount !== null && rowCount > 0;
  });
}

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
    await client.query("BEGIN; SET LOCAL lock_timeout = '3s'");
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
