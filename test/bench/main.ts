import { writeFile } from "node:fs/promises";
import { InvalidArgumentError, program } from "commander";
import { accept } from "./accept.ts";
import type { BenchCase, Measurement } from "./bench.ts";
import { deleteThroughput } from "./delete-throughput.ts";
import { summarize } from "./figures.ts";
import { growth } from "./growth.ts";
import { describeMachine } from "./machine.ts";
import { openActions } from "./open-actions.ts";
import { peers } from "./peers.ts";
import { read } from "./read.ts";
import { printFigures } from "./report.ts";
import { scaleOut } from "./scale-out.ts";
import { smallBesideBig } from "./small-beside-big.ts";

const CASES: Readonly<Record<string, BenchCase>> = {
  delete: deleteThroughput,
  peers,
  accept,
  read,
  small: smallBesideBig,
  growth,
  open: openActions,
  scale: scaleOut,
};

type Options = {
  readonly full: boolean;
  readonly only: readonly string[];
  readonly pairs: number;
  readonly products: number;
  readonly seconds: number;
  readonly out?: string;
};

program
  .name("pnpm bench")
  .description(
    "Measures the service beside the physical floor and beside what one would pick instead, in one run, on " +
      "engines of its own and the same data. Ratios are the point; the rest depends on the machine.",
  )
  .option("--full", "also what takes long: a million ids, ten thousand open actions", false)
  .option(
    "--only <names>",
    `some cases only, by comma: ${Object.keys(CASES).join(", ")}`,
    parseNames,
    Object.keys(CASES),
  )
  .option("--pairs <n>", "how many times every comparison is made", parseCount, 5)
  .option(
    "--products <n>",
    "records of the shop, and ids of the action that deletes them",
    parseCount,
    200_000,
  )
  .option("--seconds <n>", "how long one stretch of HTTP load lasts", parseCount, 3)
  .option("--out <file>", "write the figures there as JSON")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse();

const { only, out, ...sizes } = program.opts<Options>();
const startedAt = new Date();
const measurements: Measurement[] = [];
for (const name of only) measurements.push(...(await runCase(name)));
const figures = summarize(measurements);
printFigures(figures);
if (out !== undefined) {
  const options = { cases: only, ...sizes };
  const content = { date: startedAt.toISOString(), machine: describeMachine(), options, figures };
  await writeFile(out, `${JSON.stringify(content, null, 2)}\n`);
}

async function runCase(name: string): Promise<readonly Measurement[]> {
  const began = performance.now();
  const say = (text: string) => {
    const seconds = (Date.now() - startedAt.getTime()) / 1_000;
    console.log(`${seconds.toFixed().padStart(4)} s | ${name} | ${text}`);
  };
  const found = (await CASES[name]?.({ ...sizes, say })) ?? [];
  say(`done in ${((performance.now() - began) / 1_000).toFixed()} s`);
  return found;
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
