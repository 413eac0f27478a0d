import type { Bench, Measurement } from "./bench.ts";
import type { BenchEngines } from "./engines.ts";
import { median, repeat } from "./figures.ts";
import { chunkedContestants, recordContestants } from "./peers/contestants.ts";
import { type Runner, startContestant, startOwn } from "./peers/runners.ts";
import { loadShop } from "./shop.ts";

/**
 * The same records deleted by what one would pick instead, each with processes of its own, on a fresh shop.
 * Ids per second, since those that take records one by one get fewer of them.
 */
export async function peers(bench: Bench): Promise<readonly Measurement[]> {
  const { sizes } = bench;
  const runs = await repeat(sizes.pairs, (number) => runAll(bench, number));
  const chunked = Object.keys(chunkedContestants).map((name) => ratesOf(runs, name));
  const [fastest] = chunked.toSorted((one, other) => median(other) - median(one));
  const own = ratesOf(runs, "own");
  return [
    { name: "versus_fastest_chunked_peer", values: divide(own, fastest ?? []) },
    { name: "versus_job_per_record", values: divide(own, ratesOf(runs, "job_per_record")) },
    { name: "versus_delete_loop", values: divide(own, ratesOf(runs, "delete_loop")) },
    ...Object.keys(runs[0] ?? {}).map((name) => ({
      name: `${name}_ids_per_second`,
      values: ratesOf(runs, name),
    })),
  ];
}

type Rates = Readonly<Record<string, number>>;

async function runAll({ engines, sizes, say }: Bench, number: number): Promise<Rates> {
  // Chunk by chunk enough to last for seconds; one by one, a part of it does.
  const many = Math.ceil(sizes.products / 2);
  const few = Math.ceil(sizes.products / 100);
  const shop = await loadShop(engines, "delete_products", 1);
  const starts: readonly (readonly [name: string, count: number, start: () => Promise<Runner>])[] = [
    ["own", many, () => startOwn(engines)],
    ...Object.keys(chunkedContestants).map(
      (name) => [name, many, () => startContestant(engines, name, shop)] as const,
    ),
    // A hundred times as slow: three rounds tell that as well as five.
    ...(number > sizes.runs ? [] : Object.keys(recordContestants)).map(
      (name) => [name, few, () => startContestant(engines, name, shop)] as const,
    ),
  ];
  const rates: Record<string, number> = {};
  for (const [name, count, start] of starts) {
    rates[name] = await measureRate(engines, start, count);
    say(`round ${number}, ${name} × ${count}: ${rates[name].toFixed()} ids/s`);
  }
  return rates;
}

/** Smaller actions before the measured one, until what runs all the time is compiled. */
const WARM_UPS = 3;

/** Ids per second of processes that have been started for it and are warm. */
async function measureRate(
  engines: BenchEngines,
  start: () => Promise<Runner>,
  count: number,
): Promise<number> {
  await using runner = await start();
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) {
    await runner.time(await loadShop(engines, "delete_products", Math.ceil(count / 20)));
  }
  const milliseconds = await runner.time(await loadShop(engines, "delete_products", count));
  return (1_000 * count) / milliseconds;
}

function ratesOf(runs: readonly Rates[], name: string): readonly number[] {
  return runs.flatMap((run) => run[name] ?? []);
}

/** Round by round, as many as both were measured in. */
function divide(values: readonly number[], by: readonly number[]): readonly number[] {
  return by.map((divisor, index) => (values[index] ?? Number.NaN) / divisor);
}
