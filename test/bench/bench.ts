import type { EChartsCoreOption } from "echarts/core";
import type { BenchEngines } from "./engines.ts";
import type { Sizes } from "./sizes.ts";

/** What every case is given: engines to measure on, how much, and where to tell how it goes. */
export type Bench = {
  readonly engines: BenchEngines;
  readonly sizes: Sizes;
  readonly say: (text: string) => void;
  /** Keeps a chart of one run; the last one of a name counts. */
  readonly draw: (name: string, chart: EChartsCoreOption) => void;
};

/** What was measured under one name; the unit is in the name, a bare name is a ratio. */
export type Measurement = { readonly name: string; readonly values: readonly number[] };

/** One of the things `pnpm bench` measures, with processes of its own, on a shop it loads itself. */
export type BenchCase = (bench: Bench) => Promise<readonly Measurement[]>;
