import { availableParallelism, cpus } from "node:os";
import type { Bench, Measurement } from "./bench.ts";
import type { BenchEngines } from "./engines.ts";
import { collect, repeat } from "./figures.ts";
import { readProcessorSeconds } from "./process-usage.ts";
import { type BenchService, startService } from "./service.ts";
import { loadShop } from "./shop.ts";
import { timeAction } from "./time-action.ts";

const COUNTS = [1, 2, 4];

/** Workers × lanes, and which resource is full at each. */
export async function scaleOut(bench: Bench): Promise<readonly Measurement[]> {
  const counts = COUNTS.filter((count) => count <= bench.sizes.workers);
  const measurements: Measurement[] = [];
  for (const workers of counts) {
    for (const lanes of counts) {
      const runs = await repeat(bench.sizes.runs, () => measure(bench, workers, lanes));
      measurements.push(...collect(runs));
    }
  }
  return measurements;
}

async function measure({ engines, sizes, say }: Bench, workers: number, lanes: number) {
  await using service = await startService(engines, workers, { WINDOW: String(lanes) });
  await timeAction(engines, service, await loadShop(engines, "delete_products", 5_000));
  const shop = await loadShop(engines, "delete_products", sizes.products);
  const before = await look(engines, service);
  const milliseconds = await timeAction(engines, service, shop);
  const usage = compare(before, await look(engines, service));
  const rate = (1_000 * sizes.products) / milliseconds;
  say(`${workers} workers × ${lanes} lanes: ${rate.toFixed()} ids/s, ${describe(usage)}`);
  const name = `scale_${workers}_workers_${lanes}_lanes`;
  return {
    [`${name}_ids_per_second`]: rate,
    ...Object.fromEntries(Object.entries(usage).map(([key, value]) => [`${name}_${key}`, value])),
  };
}

/** Counters that only ever rise. */
type Look = {
  readonly at: number;
  readonly busySeconds: number;
  readonly workerSeconds: number;
  readonly apiSeconds: number;
  readonly walBytes: number;
};

async function look({ database }: BenchEngines, { api, workers }: BenchService): Promise<Look> {
  const { rows } = await database.query<{ bytes: string }>(
    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bytes",
  );
  const workerSeconds = await Promise.all(workers.map(({ pid }) => readProcessorSeconds(pid)));
  return {
    at: performance.now() / 1_000,
    busySeconds: cpus().reduce((sum, { times }) => sum + times.user + times.sys + times.nice, 0) / 1_000,
    workerSeconds: workerSeconds.reduce((sum, seconds) => sum + seconds, 0),
    apiSeconds: await readProcessorSeconds(api.pid),
    walBytes: Number(rows[0]?.bytes),
  };
}

/** Shares of all processors together; what the processes of the service do not use, PostgreSQL mostly does. */
type Usage = {
  readonly processor_share: number;
  readonly workers_processor_share: number;
  readonly api_processor_share: number;
  readonly wal_megabytes_per_second: number;
};

function compare(before: Look, after: Look): Usage {
  const seconds = after.at - before.at;
  const capacity = seconds * availableParallelism();
  return {
    processor_share: (after.busySeconds - before.busySeconds) / capacity,
    workers_processor_share: (after.workerSeconds - before.workerSeconds) / capacity,
    api_processor_share: (after.apiSeconds - before.apiSeconds) / capacity,
    wal_megabytes_per_second: (after.walBytes - before.walBytes) / 1024 ** 2 / seconds,
  };
}

function describe(usage: Usage): string {
  const { processor_share, workers_processor_share, api_processor_share, wal_megabytes_per_second } = usage;
  const shares = [processor_share, workers_processor_share, api_processor_share].map((share) =>
    share.toFixed(2),
  );
  return `processors ${shares[0]} (workers ${shares[1]}, api ${shares[2]}), WAL ${wal_megabytes_per_second.toFixed()} MB/s`;
}
