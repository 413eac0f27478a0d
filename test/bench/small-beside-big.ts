import { setTimeout as wait } from "node:timers/promises";
import type { Bench, Measurement } from "./bench.ts";
import { type BenchEngines, type QueueEngine, withQueueOn } from "./engines.ts";
import { collect, percentile, repeat } from "./figures.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";
import { untilDone } from "./time-action.ts";

const SMALL_SIZE = 10;

/** So long between two small actions. */
const PAUSE_MS = 50;

/** From POST to terminal status of ten ids: alone, and beside a big action. */
export async function smallBesideBig(bench: Bench): Promise<readonly Measurement[]> {
  return [
    ...(await measureOn(bench, "redis", "")),
    ...(await measureOn(bench, "postgres", "_postgres_queue")),
  ];
}

async function measureOn(bench: Bench, queue: QueueEngine, suffix: string): Promise<readonly Measurement[]> {
  const { mostIds, smallActions, runs: count } = bench.sizes;
  const engines = withQueueOn(queue, bench.engines);
  await using service = await startService(engines, 1);
  await measureOnce(engines, service, 10_000, 10);
  const runs = await repeat(count, async (number) => {
    const { idle, beside } = await measureOnce(engines, service, mostIds, smallActions);
    const ratio = percentile(beside, 0.95) / percentile(idle, 0.95);
    bench.say(`${queue}, run ${number}, beside ${mostIds} ids: p95 ${ratio.toFixed(1)} times the idle one`);
    return {
      [`small_beside_big_p95_ratio${suffix}`]: ratio,
      ...namePercentiles(`small_idle${suffix}`, idle),
      ...namePercentiles(`small_beside_big${suffix}`, beside),
    };
  });
  return collect(runs);
}

async function measureOnce(
  engines: BenchEngines,
  service: BenchService,
  bigSize: number,
  smallActions: number,
): Promise<{ readonly idle: readonly number[]; readonly beside: readonly number[] }> {
  const smallCount = 2 * smallActions * SMALL_SIZE;
  const shop = await loadShop(engines, "delete_products", bigSize + smallCount);
  const small = shop.recordIds.slice(-smallCount);
  const idle = await timeSmall(engines, service, shop, small.slice(smallCount / 2), () => true);
  const big = await service.submit(shop.token, shop.actionType, shop.recordIds.slice(0, -smallCount));
  let isBigOpen = true;
  const bigEnd = untilDone(engines, big.id).then(() => {
    isBigOpen = false;
  });
  const beside = await timeSmall(engines, service, shop, small.slice(0, smallCount / 2), () => isBigOpen);
  await bigEnd;
  return { idle, beside };
}

/** Milliseconds of each small action; they start one after the other, whether the last has ended or not. */
async function timeSmall(
  engines: BenchEngines,
  service: BenchService,
  { token, actionType }: BenchShop,
  ids: readonly string[],
  mayGoOn: () => boolean,
): Promise<readonly number[]> {
  const times: Promise<number>[] = [];
  for (let from = 0; from < ids.length && (times.length === 0 || mayGoOn()); from += SMALL_SIZE) {
    times.push(timeOne(engines, service, token, actionType, ids.slice(from, from + SMALL_SIZE)));
    await wait(PAUSE_MS);
  }
  return await Promise.all(times);
}

async function timeOne(
  engines: BenchEngines,
  service: BenchService,
  token: string,
  actionType: string,
  ids: readonly string[],
): Promise<number> {
  const startedAt = Date.now();
  const { id } = await service.submit(token, actionType, ids);
  // The database keeps whole milliseconds, so an end may seem to come before its beginning.
  return Math.max(1, (await untilDone(engines, id)) - startedAt);
}

function namePercentiles(name: string, milliseconds: readonly number[]) {
  return {
    [`${name}_p50_milliseconds`]: percentile(milliseconds, 0.5),
    [`${name}_p95_milliseconds`]: percentile(milliseconds, 0.95),
    [`${name}_p99_milliseconds`]: percentile(milliseconds, 0.99),
  };
}
