import { randomIds } from "../support/random-ids.ts";
import type { Bench, Measurement } from "./bench.ts";
import { collect, repeat } from "./figures.ts";
import { type LoadResult, load } from "./http-load.ts";
import { type BenchService, startService } from "./service.ts";
import { type BenchShop, loadShop } from "./shop.ts";

const CONNECTIONS = 4;

/** Until when: so many seconds, or so many answers where one may take seconds. */
type Extent = { readonly duration: number } | { readonly amount: number };

/** GETs: one action and lists, small and large, with and without an ETag hit, first and deep page. */
export async function read(bench: Bench): Promise<readonly Measurement[]> {
  const { engines, sizes } = bench;
  await using service = await startService(engines, 0);
  const shop = await loadShop(engines, "delete_products", 100);
  const small = await service.submit(shop.token, "delete_products", randomIds(10));
  const medium = await service.submit(shop.token, "delete_products", randomIds(100));
  const large = await service.submit(shop.token, "delete_products", randomIds(sizes.largeIds));
  const reader = { bench, service, shop };
  const largeAnswers = { amount: sizes.largeAnswers };
  return [
    ...(await measure(reader, "retrieve_100", `/${medium.id}`)),
    ...(await measure(reader, "retrieve_100k", `/${large.id}`, largeAnswers)),
    ...(await measure(reader, "list_100", `?ids[]=${medium.id}`)),
    ...(await measure(reader, "list_100k", `?ids[]=${large.id}`, largeAnswers)),
    ...(await compareEtagHits(reader, `/${small.id}`, `/${large.id}`)),
    ...(await measurePages(reader)),
  ];
}

type Reader = { readonly bench: Bench; readonly service: BenchService; readonly shop: BenchShop };

async function measure(
  reader: Reader,
  name: string,
  path: string,
  extent: Extent = { duration: reader.bench.sizes.seconds },
): Promise<readonly Measurement[]> {
  const runs = await repeat(reader.bench.sizes.runs, () => request(reader, path, extent));
  reader.bench.say(`${name}: ${runs.map((run) => `${run.requestsPerSecond.toFixed()}/s`).join(", ")}`);
  return collect(
    runs.map(({ requestsPerSecond, p50Ms, p99Ms }) => ({
      [`${name}_per_second`]: requestsPerSecond,
      [`${name}_p50_milliseconds`]: p50Ms,
      [`${name}_p99_milliseconds`]: p99Ms,
    })),
  );
}

function request(
  { service, shop }: Reader,
  path: string,
  extent: Extent,
  headers: Readonly<Record<string, string>> = {},
): Promise<LoadResult> {
  const options = {
    ...{ url: `${service.url}/v1/bulk_actions${path}`, connections: CONNECTIONS, ...extent },
    headers: { authorization: `Bearer ${shop.token}`, ...headers },
  };
  return load(options, "if-none-match" in headers ? "3xx" : "2xx");
}

/** The rate of a 304 on a large action as a share of that on a small one. */
async function compareEtagHits(
  reader: Reader,
  smallPath: string,
  largePath: string,
): Promise<readonly Measurement[]> {
  const [smallTag, largeTag] = [await findEtag(reader, smallPath), await findEtag(reader, largePath)];
  if (smallTag === undefined || largeTag === undefined) {
    reader.bench.say("the API answers no ETag yet: etag_share is left out");
    return [];
  }
  const extent = { duration: reader.bench.sizes.seconds };
  const runs = await repeat(reader.bench.sizes.pairs, async () => {
    const small = await request(reader, smallPath, extent, { "if-none-match": smallTag });
    const large = await request(reader, largePath, extent, { "if-none-match": largeTag });
    return {
      etag_share: large.requestsPerSecond / small.requestsPerSecond,
      etag_hit_100k_per_second: large.requestsPerSecond,
    };
  });
  return collect(runs);
}

async function findEtag({ service, shop }: Reader, path: string): Promise<string | undefined> {
  const response = await service.request(shop.token, `/v1/bulk_actions${path}`);
  await response.arrayBuffer();
  return response.headers.get("etag") ?? undefined;
}

/** The newest and the oldest actions of an account that has very many. */
async function measurePages(reader: Reader): Promise<readonly Measurement[]> {
  const { bench, shop } = reader;
  const { engines, sizes } = bench;
  const count = sizes.listed;
  await engines.database.query(
    `INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, status, created_at, updated_at, finished_at)
     SELECT $1, 'delete_products', 1, 'succeeded', now() - moment, now() - moment, now() - moment
     FROM (SELECT make_interval(secs => n) AS moment FROM generate_series(1, $2::int) AS n) AS moments`,
    [shop.accountId, count],
  );
  await engines.database.query("VACUUM ANALYZE bulk.bulk_actions");
  return [
    ...(await measure(reader, "list_first_page", "?limit=20")),
    ...(await measure(reader, "list_deep_page", `?limit=20&page=${Math.ceil(count / 20)}`)),
  ];
}
