import { setTimeout as wait } from "node:timers/promises";
import type { Tools } from "./arena.ts";
import type { Notes } from "./notes.ts";
import { createRandom, type Random } from "./random.ts";

const LIMIT_MS = 20_000;

/**
 * Whether every worker that came through still works, one after the other while the rest is frozen: a
 * worker that runs but takes no turns would hide behind its neighbours. Answers violations.
 */
export async function findIdleWorkers(tools: Tools, notes: Notes, seed: number): Promise<readonly string[]> {
  const random = createRandom(seed + 4_000_003);
  const workers = tools.services.filter((service) => service.url === undefined);
  const violations: string[] = [];
  for (const worker of workers) {
    const others = workers.filter((other) => other !== worker);
    for (const other of others) other.freeze();
    const hasWorked = await workOnOne(tools, notes, random);
    for (const other of others) other.thaw();
    if (!hasWorked) {
      violations.push(
        `The ${worker.name} process runs, but alone it did not finish a new action in ${LIMIT_MS / 1_000} s.`,
      );
    }
  }
  return violations;
}

async function workOnOne(
  { client, shops, host, database }: Tools,
  { record }: Notes,
  random: Random,
): Promise<boolean> {
  const [shop] = shops;
  if (shop === undefined) return false;
  await client.submit({
    accountId: shop.accountId,
    actionType: "delete_products",
    recordIds: [host.unknownId(random)],
  });
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const { rows } = await database.query(
      "SELECT FROM bulk.bulk_actions WHERE id = $1 AND finished_at IS NOT NULL",
      [record.accepted.at(-1)?.id],
    );
    if (rows.length > 0) return true;
    await wait(100);
  }
  return false;
}
