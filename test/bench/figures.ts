import type { Measurement } from "./bench.ts";

/** A measurement in short. */
export type Figure = {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
};

/** Every measurement in short, by name. Throws on one without a single value, or with one that is no number. */
export function summarize(measurements: readonly Measurement[]): Readonly<Record<string, Figure>> {
  return Object.fromEntries(
    measurements.map(({ name, values }) => {
      if (values.length === 0 || !values.every(Number.isFinite)) throw new Error(`${name}: ${values}`);
      const figure = { median: median(values), min: Math.min(...values), max: Math.max(...values) };
      return [name, { ...figure, runs: values.length }];
    }),
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The value that this share (0 to 1) of them does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** One measurement for each name, from runs that measured all of them. */
export function collect<Name extends string>(
  runs: readonly Readonly<Record<Name, number>>[],
): readonly Measurement[] {
  const [first] = runs;
  if (first === undefined) return [];
  const names = Object.keys(first) as Name[];
  return names.map((name) => ({ name, values: runs.map((run) => run[name]) }));
}

/** Runs one after the other, so that nothing measured overlaps. */
export async function repeat<T>(count: number, run: (number: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let number = 1; number <= count; number++) results.push(await run(number));
  return results;
}

/** Three digits that matter, and no more places than a thousandth. */
export function roundOff(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}
