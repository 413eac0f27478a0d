import { Redis } from "ioredis";
import type { Bench, Measurement } from "./bench.ts";
import type { BenchEngines } from "./engines.ts";
import { collect, repeat } from "./figures.ts";
import { readMemory } from "./process-usage.ts";
import { startService } from "./service.ts";
import { loadShop } from "./shop.ts";
import { timeAction } from "./time-action.ts";

/** The greatest action is compared with one of 10,000 ids, or with the next smaller one there is. */
const SIZES = [1_000, 10_000, 100_000, 1_000_000];

/** Time and memory of one action, from a thousand ids to the most. */
export async function growth(bench: Bench): Promise<readonly Measurement[]> {
  const {
    engines,
    sizes: { mostIds: most, runs: count },
  } = bench;
  const sizes = [...SIZES.filter((size) => size < most), most];
  const base = sizes.findLast((size) => size <= 10_000 && size < most) ?? most;
  const runs = await repeat(count, async (number) => {
    const bySize = new Map<number, Usage>();
    for (const size of sizes) {
      const usage = await measureOne(engines, size);
      bench.say(`run ${number}, ${size} ids: ${usage.microseconds_per_id.toFixed(1)} µs/id`);
      bySize.set(size, usage);
    }
    return { ...compare(bySize.get(base), bySize.get(most)), ...spell(bySize) };
  });
  return collect(runs);
}

type Usage = {
  readonly microseconds_per_id: number;
  readonly worker_megabytes: number;
  readonly api_megabytes: number;
  readonly redis_megabytes: number;
  readonly postgres_bytes_per_id: number;
};

/** One action of this size in processes of its own, so that no earlier one has made their heaps grow. */
async function measureOne(engines: BenchEngines, size: number): Promise<Usage> {
  await using service = await startService(engines, 1);
  await timeAction(engines, service, await loadShop(engines, "delete_products", 1_000));
  const shop = await loadShop(engines, "delete_products", size);
  const milliseconds = await timeAction(engines, service, shop);
  const [worker] = service.workers;
  if (worker === undefined) throw new Error("There is no worker.");
  return {
    microseconds_per_id: (1_000 * milliseconds) / size,
    worker_megabytes: (await readMemory(worker.pid)).peakMegabytes,
    api_megabytes: (await readMemory(service.api.pid)).peakMegabytes,
    redis_megabytes: await readRedisPeak(engines),
    postgres_bytes_per_id: (await readStoredBytes(engines)) / size,
  };
}

function compare(base: Usage | undefined, most: Usage | undefined): Readonly<Record<string, number>> {
  if (base === undefined || most === undefined) return {};
  return {
    time_per_id_growth: most.microseconds_per_id / base.microseconds_per_id,
    worker_memory_growth: most.worker_megabytes / base.worker_megabytes,
    api_memory_growth: most.api_megabytes / base.api_megabytes,
  };
}

function spell(bySize: ReadonlyMap<number, Usage>): Readonly<Record<string, number>> {
  const entries = [...bySize].flatMap(([size, usage]) =>
    Object.entries(usage).map(([name, value]) => [`growth_${size}_ids_${name}`, value] as const),
  );
  return Object.fromEntries(entries);
}

async function readRedisPeak({ redis }: BenchEngines): Promise<number> {
  const client = new Redis(redis?.url ?? "");
  try {
    const memory = await client.info("memory");
    await client.call("MEMORY", "PURGE");
    await client.config("RESETSTAT");
    return Number(/^used_memory_peak:(\d+)/m.exec(memory)?.[1]) / 1024 ** 2;
  } finally {
    client.disconnect();
  }
}

/** What one bulk action leaves in the database. */
async function readStoredBytes({ database }: BenchEngines): Promise<number> {
  const { rows } = await database.query<{ bytes: string }>(
    `SELECT pg_total_relation_size('bulk.bulk_actions') + pg_total_relation_size('bulk.bulk_action_chunks') AS bytes`,
  );
  return Number(rows[0]?.bytes);
}
