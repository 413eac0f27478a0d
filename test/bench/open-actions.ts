import { eventually } from "../support/eventually.ts";
import type { Bench, Measurement } from "./bench.ts";
import type { BenchEngines } from "./engines.ts";
import { collect } from "./figures.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";

const IDS_PER_ACTION = 10;

/** How many requests are on their way at once while the actions are submitted. */
const SUBMITTERS = 8;

/** Milliseconds for each of many open actions, from the beginning of the first to the end of the last. */
export async function openActions(bench: Bench): Promise<readonly Measurement[]> {
  const most = bench.sizes.openActions;
  const counts = [...[1, 100, 1_000].filter((count) => count < most), most];
  const times: Record<string, number> = {};
  for (const count of counts) {
    times[`open_actions_${count}_milliseconds_each`] = await measure(bench.engines, count);
    bench.say(
      `${count} open actions: ${times[`open_actions_${count}_milliseconds_each`]?.toFixed(2)} ms each`,
    );
  }
  return collect([times]);
}

async function measure(engines: BenchEngines, count: number): Promise<number> {
  const shop = await loadShop(engines, "delete_products", count * IDS_PER_ACTION);
  await using service = await startService(engines, 0);
  await submitAll(service, shop, count);
  await service.startWorkers(1);
  return (await untilAllSettled(engines)) / count;
}

async function submitAll(service: BenchService, shop: BenchShop, count: number): Promise<void> {
  let next = 0;
  async function submitSome(): Promise<void> {
    while (next < count) {
      const from = IDS_PER_ACTION * next++;
      await service.submit(shop.token, shop.actionType, shop.recordIds.slice(from, from + IDS_PER_ACTION));
    }
  }
  await Promise.all(Array.from({ length: SUBMITTERS }, submitSome));
}

/** Milliseconds from the first beginning to the last end. */
async function untilAllSettled({ database }: BenchEngines): Promise<number> {
  return await eventually(async () => {
    const { rows } = await database.query<{ open: number; milliseconds: number }>(
      `SELECT count(*) FILTER (WHERE finished_at IS NULL)::int AS open,
              1000 * extract(epoch FROM max(finished_at) - min(started_at))::float8 AS milliseconds
       FROM bulk.bulk_actions`,
    );
    if (rows[0]?.open !== 0) throw new Error(`${rows[0]?.open} actions are open.`);
    return rows[0].milliseconds;
  }, 600_000);
}
