import { randomIds } from "../support/random-ids.ts";
import type { Bench, Measurement } from "./bench.ts";
import { type BenchEngines, openBenchEngines } from "./engines.ts";
import { collect, repeat } from "./figures.ts";
import { type LoadResult, load } from "./http-load.ts";
import { readMemory } from "./process-usage.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";
import { startBareApi } from "./start-bare-api.ts";

const CONNECTIONS = 10;

/** POSTs of 10, 1,000 and 100,000 ids, with no worker at work beside them. */
export async function accept(bench: Bench): Promise<readonly Measurement[]> {
  await using engines = await openBenchEngines("redis");
  const shop = await loadShop(engines, "delete_products", 100);
  return [
    ...(await compareWithBare(bench, engines, shop)),
    ...(await acceptMany(bench, engines, shop)),
    ...(await acceptWithoutRedis(bench, engines, shop)),
  ];
}

async function compareWithBare(
  bench: Bench,
  engines: BenchEngines,
  shop: BenchShop,
): Promise<readonly Measurement[]> {
  await using service = await startService(engines, 0);
  await using bare = await startBareApi(engines, shop);
  const measurements: Measurement[] = [];
  for (const [ids, name] of [
    [10, "_10"],
    [1_000, ""],
  ] as const) {
    const pairs = await repeat(bench.pairs, async (number) => {
      const own = await post(service.url, shop, ids, bench.seconds);
      const floor = await post(bare.url, shop, ids, bench.seconds);
      const share = own.requestsPerSecond / floor.requestsPerSecond;
      bench.say(
        `${ids} ids, pair ${number}: ${own.requestsPerSecond.toFixed()}/s, ${share.toFixed(2)} of the bare handler`,
      );
      return { [`accept_share_of_bare${name}`]: share, ...nameLoad(`accept_${ids}`, own) };
    });
    measurements.push(...collect(pairs));
  }
  return measurements;
}

function post(url: string, shop: BenchShop, ids: number, seconds: number): Promise<LoadResult> {
  return load({
    ...{ url: `${url}/v1/bulk_actions`, method: "POST", connections: CONNECTIONS, duration: seconds },
    headers: { authorization: `Bearer ${shop.token}`, "content-type": "application/json" },
    body: requestBody(ids),
  });
}

function requestBody(ids: number): string {
  return JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(ids) } });
}

function nameLoad(name: string, { requestsPerSecond, p50Ms, p99Ms }: LoadResult) {
  return {
    [`${name}_per_second`]: requestsPerSecond,
    [`${name}_p50_milliseconds`]: p50Ms,
    [`${name}_p99_milliseconds`]: p99Ms,
  };
}

// A fresh process each time: a heap that has grown once hides what the next request takes.
async function acceptMany(
  bench: Bench,
  engines: BenchEngines,
  shop: BenchShop,
): Promise<readonly Measurement[]> {
  const runs = await repeat(bench.pairs, async (number) => {
    await using service = await startService(engines, 0);
    for (let request = 0; request < 20; request++) await postOnce(service, shop, requestBody(10));
    const idle = await readMemory(service.api.pid);
    const seconds = await postOnce(service, shop, requestBody(100_000));
    const { peakMegabytes } = await readMemory(service.api.pid);
    const megabytes = peakMegabytes - idle.megabytes;
    bench.say(`100000 ids, run ${number}: ${seconds.toFixed(2)} s, ${megabytes.toFixed()} MB over idle`);
    return { accept_100k_seconds: seconds, accept_100k_megabytes: megabytes };
  });
  return collect(runs);
}

/** Seconds until the whole answer is here. */
async function postOnce(service: BenchService, { token }: BenchShop, body: string): Promise<number> {
  const startedAt = performance.now();
  const headers = { "content-type": "application/json" };
  const response = await service.request(token, "/v1/bulk_actions", { method: "POST", headers, body });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`The API answered ${response.status}.`);
  return (performance.now() - startedAt) / 1_000;
}

async function acceptWithoutRedis(
  bench: Bench,
  engines: BenchEngines,
  shop: BenchShop,
): Promise<readonly Measurement[]> {
  await using service = await startService(engines, 0);
  await engines.redis?.kill();
  const runs = await repeat(bench.pairs, () => post(service.url, shop, 10, bench.seconds));
  bench.say(`10 ids while Redis is down: p50 ${runs.map((run) => run.p50Ms).join(", ")} ms`);
  return collect(runs.map((run) => nameLoad("accept_10_redis_down", run)));
}
