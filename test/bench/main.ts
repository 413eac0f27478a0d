import { writeFile } from "node:fs/promises";
import { commandLine } from "@bulk/service/process/command-line";
import { InvalidArgumentError } from "commander";
import type { EChartsCoreOption } from "echarts/core";
import { accept } from "./accept.ts";
import type { Bench, BenchCase, Measurement } from "./bench.ts";
import { checkout } from "./checkout/checkout.ts";
import { consolePages } from "./console/console.ts";
import { declared } from "./declared/declared.ts";
import { deleteThroughput } from "./delete-throughput.ts";
import { type BenchEngines, openBenchEngines } from "./engines.ts";
import { summarize } from "./figures.ts";
import { growth } from "./growth.ts";
import { describeMachine } from "./machine.ts";
import { openActions } from "./open-actions.ts";
import { peers } from "./peers.ts";
import { read } from "./read.ts";
import { printFigures } from "./report.ts";
import { scaleOut } from "./scale-out.ts";
import { DEFAULT_SIZES, FULL_SIZES, type Sizes, TINY_SIZES } from "./sizes.ts";
import { smallBesideBig } from "./small-beside-big.ts";
import { turns } from "./turns.ts";
import { undo } from "./undo.ts";
import { upload } from "./upload.ts";
import { readVersions } from "./versions.ts";
import { webhooks } from "./webhooks.ts";
import { type BenchReport, writeDocs } from "./write-docs.ts";

const CASES: Readonly<Record<string, BenchCase>> = {
  delete: deleteThroughput,
  declared,
  undo,
  peers,
  accept,
  upload,
  read,
  small: smallBesideBig,
  checkout,
  growth,
  open: openActions,
  console: consolePages,
  scale: scaleOut,
  turns,
  webhooks,
};

/** What a table of defaults was chosen from is measured only when asked for. */
const USUAL_CASES = Object.keys(CASES).filter((name) => name !== "turns");

type Options = {
  readonly full?: true;
  readonly tiny?: true;
  readonly only: readonly string[];
  readonly pairs?: number;
  readonly products?: number;
  readonly out?: string;
  readonly docs?: true;
};

const program = commandLine({
  name: "pnpm bench",
  description:
    "Measures the service beside the physical floor and beside what one would pick instead, in one run, on " +
    "engines of its own and the same data. Ratios are the point; the rest depends on the machine.",
  variables: {},
  example: "pnpm bench --only delete,accept --pairs 3",
})
  .option("--full", "also what takes long: a million ids, ten thousand open actions")
  .option("--tiny", "just enough to see that everything runs; the figures mean nothing")
  .option(
    "--only <names>",
    `some cases only, by comma: ${Object.keys(CASES).join(", ")}`,
    parseNames,
    USUAL_CASES,
  )
  .option(
    "--pairs <n>",
    `how many times every comparison is made (default: ${DEFAULT_SIZES.pairs})`,
    parseCount,
  )
  .option(
    "--products <n>",
    `records of the shop, and ids of the action that deletes them (default: ${DEFAULT_SIZES.products})`,
    parseCount,
  )
  .option("--out <file>", "write the figures there as JSON")
  .option("--docs", "write the figures and charts into docs/performance.md and the pages below it")
  .parse();

const { only, out, docs, full, tiny, ...chosen } = program.opts<Options>();
const preset = full ? FULL_SIZES : tiny ? TINY_SIZES : DEFAULT_SIZES;
const sizes: Sizes = { ...preset, ...chosen };
const startedAt = new Date();
const report = await measure();
printFigures(report.figures);
if (out !== undefined) {
  await writeFile(out, `${JSON.stringify({ ...report, cases: only, sizes }, null, 2)}\n`);
}
if (docs === true) await writeDocs(report);

async function measure(): Promise<BenchReport> {
  await using engines = await openBenchEngines();
  const charts: Record<string, EChartsCoreOption> = {};
  return {
    date: startedAt.toISOString(),
    command: ["pnpm bench", ...process.argv.slice(2)].join(" "),
    machine: describeMachine(),
    versions: await readVersions(engines),
    figures: summarize(await runCases(engines, charts)),
    charts,
  };
}

async function runCases(
  engines: BenchEngines,
  charts: Record<string, EChartsCoreOption>,
): Promise<readonly Measurement[]> {
  const draw: Bench["draw"] = (name, chart) => {
    charts[name] = chart;
  };
  const measurements: Measurement[] = [];
  for (const name of only) {
    const say = (text: string) => console.log(`${sinceStart()} | ${name} | ${text}`);
    measurements.push(...((await CASES[name]?.({ engines, sizes, say, draw })) ?? []));
  }
  return measurements;
}

function sinceStart(): string {
  return `${((Date.now() - startedAt.getTime()) / 1_000).toFixed().padStart(4)} s`;
}

function parseNames(text: string): readonly string[] {
  const names = text.split(",");
  const unknown = names.filter((name) => !Object.hasOwn(CASES, name));
  if (unknown.length > 0) throw new InvalidArgumentError(`There is no case ${unknown.join(", ")}.`);
  return names;
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}
