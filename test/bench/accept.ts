import { randomIds } from "../support/random-ids.ts";
import type { Bench, Measurement } from "./bench.ts";
import { collect, repeat } from "./figures.ts";
import { type LoadResult, load } from "./http-load.ts";
import { readMemory } from "./process-usage.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";
import { startBareApi } from "./start-bare-api.ts";

const CONNECTIONS = 10;

/** POSTs of 10, 1,000, 100,000 and a million ids, with no worker at work beside them. */
export async function accept(bench: Bench): Promise<readonly Measurement[]> {
  const shop = await loadShop(bench.engines, "delete_products", 100);
  return [
    ...(await compareWithBare(bench, shop)),
    ...(await acceptMany(bench, shop, bench.sizes.largeIds, "accept_100k")),
    ...(await acceptMany(bench, shop, bench.sizes.greatestIds, "accept_1m")),
    ...(await acceptWithoutRedis(bench, shop)),
  ];
}

async function compareWithBare(bench: Bench, shop: BenchShop): Promise<readonly Measurement[]> {
  const { engines, sizes } = bench;
  // The bare handler has no limits; what they cost is a figure of its own.
  await using service = await startService(engines, 0, { RATE_LIMIT: "off" });
  await using limited = await startService(engines, 0);
  await using bare = await startBareApi(engines, shop);
  for (const { url } of [service, limited, bare]) await post(url, shop, 10, 1);
  // Connections that began on the empty table go on to check foreign keys by reading all of it, until this.
  await engines.database.query("ANALYZE bulk.bulk_actions, bulk.bulk_action_chunks");
  const measurements: Measurement[] = [];
  for (const [ids, name] of [
    [10, "_10"],
    [1_000, ""],
  ] as const) {
    const pairs = await repeat(sizes.pairs, async (number) => {
      const own = await post(service.url, shop, ids, sizes.seconds);
      const floor = await post(bare.url, shop, ids, sizes.seconds);
      const withLimits = await post(limited.url, shop, ids, sizes.seconds);
      const share = own.requestsPerSecond / floor.requestsPerSecond;
      bench.say(
        `${ids} ids, pair ${number}: ${own.requestsPerSecond.toFixed()}/s, ${share.toFixed(2)} of the bare handler`,
      );
      return {
        [`accept_share_of_bare${name}`]: share,
        [`accept_share_of_bare_with_limits${name}`]: withLimits.requestsPerSecond / floor.requestsPerSecond,
        ...nameLoad(`accept_${ids}`, own),
      };
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
  shop: BenchShop,
  ids: number,
  name: string,
): Promise<readonly Measurement[]> {
  const { engines, sizes } = bench;
  const runs = await repeat(sizes.pairs, async (number) => {
    await using service = await startService(engines, 0);
    for (let request = 0; request < 20; request++) await postOnce(service, shop, requestBody(10));
    const idle = await readMemory(service.api.pid);
    const seconds = await postOnce(service, shop, Buffer.from(requestBody(ids)));
    const { peakMegabytes } = await readMemory(service.api.pid);
    const megabytes = peakMegabytes - idle.megabytes;
    bench.say(`${ids} ids, run ${number}: ${seconds.toFixed(2)} s, ${megabytes.toFixed()} MB over idle`);
    return { [`${name}_seconds`]: seconds, [`${name}_megabytes`]: megabytes };
  });
  return collect(runs);
}

/** Seconds until the whole answer is here. */
async function postOnce(
  service: BenchService,
  { token }: BenchShop,
  body: string | Buffer<ArrayBuffer>,
): Promise<number> {
  const startedAt = performance.now();
  const headers = { "content-type": "application/json" };
  const response = await service.request(token, "/v1/bulk_actions", { method: "POST", headers, body });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`The API answered ${response.status}.`);
  return (performance.now() - startedAt) / 1_000;
}

async function acceptWithoutRedis(bench: Bench, shop: BenchShop): Promise<readonly Measurement[]> {
  const { engines, sizes } = bench;
  await using service = await startService(engines, 0);
  await engines.redis?.kill();
  const runs = await repeat(sizes.runs, () => post(service.url, shop, 10, sizes.seconds));
  await engines.redis?.start();
  bench.say(`10 ids while Redis is down: p50 ${runs.map((run) => run.p50Ms).join(", ")} ms`);
  return collect(runs.map((run) => nameLoad("accept_10_redis_down", run)));
}
