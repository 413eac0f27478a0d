import type { Bench, Measurement } from "./bench.ts";
import { type BenchEngines, type QueueEngine, withQueueOn } from "./engines.ts";
import { collect, repeat } from "./figures.ts";
import { timeFloor } from "./floor.ts";
import { type BenchService, startService } from "./service.ts";
import { type ActionType, loadShop } from "./shop.ts";
import { timeAction } from "./time-action.ts";

/** From POST to terminal status against the bare DELETE, one after the other, each on a fresh shop. */
export async function deleteThroughput(bench: Bench): Promise<readonly Measurement[]> {
  return [
    ...(await measureOn(bench, "redis", "")),
    ...(await measureOn(bench, "postgres", "_postgres_queue")),
  ];
}

async function measureOn(bench: Bench, queue: QueueEngine, suffix: string): Promise<readonly Measurement[]> {
  const { products, mostIds } = bench.sizes;
  const engines = withQueueOn(queue, bench.engines);
  await using service = await startService(engines, 1);
  await warmUp(engines, service, products);
  const measure = (type: ActionType, count: number, name: string) =>
    comparePairs(bench, { engines, service, type, count, name: `${name}${suffix}` });
  const ofProducts = await measure("delete_products", products, "");
  // Their deletes take twice as long, for the orders that are detached.
  const ofCustomers = await measure("delete_customers", Math.ceil(products / 2), "_customers");
  const ofMost = mostIds > products ? await measure("delete_products", mostIds, "_most_ids") : [];
  return [...ofProducts, ...ofCustomers, ...ofMost];
}

// The first statements of a process compile, connect and fill caches.
async function warmUp(engines: BenchEngines, service: BenchService, products: number): Promise<void> {
  for (const count of [Math.ceil(products / 20), products]) {
    await timeAction(engines, service, await loadShop(engines, "delete_products", count));
  }
}

type Comparison = {
  readonly engines: BenchEngines;
  readonly service: BenchService;
  readonly type: ActionType;
  readonly count: number;
  readonly name: string;
};

async function comparePairs(bench: Bench, comparison: Comparison): Promise<readonly Measurement[]> {
  const { engines, service, type, count, name } = comparison;
  const runs = await repeat(bench.sizes.pairs, async (number) => {
    const ownMs = await timeAction(engines, service, await loadShop(engines, type, count));
    const floorMs = await timeFloor(engines, await loadShop(engines, type, count));
    const share = floorMs / ownMs;
    bench.say(
      `${type} × ${count}${name}, pair ${number}: ${ownMs.toFixed()} ms, ${share.toFixed(2)} of the floor`,
    );
    return {
      [`share_of_floor${name}`]: share,
      [`ids_per_second${name}`]: (1_000 * count) / ownMs,
      [`floor_ids_per_second${name}`]: (1_000 * count) / floorMs,
    };
  });
  return collect(runs);
}
