import type { Tools } from "../arena.ts";
import { breakThings } from "../break-things.ts";
import { drain } from "../drain.ts";
import { SHOP_SESSIONS } from "../ledger.ts";
import type { ChaosOptions, Notes } from "../notes.ts";
import { readDeletions } from "./deletions.ts";
import { obstruct } from "./obstruct.ts";
import { restoreTheRest } from "./restore-the-rest.ts";
import { openRestorers } from "./restorers.ts";

/** How much shorter than the deletions this is. */
const SHARE = 1 / 3;

/**
 * Takes back every deletion of a run that has been drained, while the same things break as before, in the same order; then
 * what is left, while nothing breaks. Everything has ended at the end.
 */
export async function runRestores(options: ChaosOptions, tools: Tools, notes: Notes): Promise<void> {
  const deletions = await readDeletions(tools.database);
  await obstructAsShop(tools);
  const shortened = { ...options, seconds: Math.ceil(options.seconds * SHARE) };
  const restorers = openRestorers(shortened, tools, notes, deletions);
  const { sending, lastFaultAt } = await breakThings(shortened, tools, notes, restorers);
  options.interrupted.throwIfAborted();
  await sending;
  await drain(tools.database, lastFaultAt, options.interrupted, notes);
  await restoreTheRest(tools, deletions);
  await drain(tools.database, performance.now(), options.interrupted, notes);
}

async function obstructAsShop({ database, host }: Tools): Promise<void> {
  const client = await database.connect();
  try {
    await client.query(`SET application_name = '${SHOP_SESSIONS}'`);
    await obstruct(client, host);
    await client.query("RESET application_name");
  } finally {
    client.release();
  }
}
