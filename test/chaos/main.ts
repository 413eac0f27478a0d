import { mkdir, writeFile } from "node:fs/promises";
import { commandLine } from "@bulk/service/process/command-line";
import { InvalidArgumentError, Option } from "commander";
import type { ChaosEngine } from "./fault-plan.ts";
import { CHAOS_HOSTS, type ChaosHostName } from "./hosts/hosts.ts";
import { createLiveLine, printReport } from "./report.ts";
import { runChaos } from "./run.ts";

type Options = {
  readonly seconds: number;
  readonly seed: number;
  readonly engine: ChaosEngine;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly rollingRestart: boolean;
  readonly host: ChaosHostName;
  readonly json?: string;
  readonly logs?: string;
};

const program = commandLine({
  name: "pnpm chaos",
  description:
    "Starts the whole service on engines of its own, sends hundreds of overlapping bulk actions, breaks " +
    "everything that can break, and then proves from the database that every id got exactly the outcome " +
    "it was promised. Exit code 0: no violation; 1: violations, or the run could not be made; 2: wrong usage.",
  variables: {},
  example: "pnpm chaos --seconds 60 --seed 7 --engine redis",
})
  .option("--seconds <number>", "how long to break things", parseCount, 120)
  .option("--seed <number>", "what to break when; the same seed gives the same schedule", parseCount, 1)
  .addOption(
    new Option("--engine <engine>", "where the queue is").choices(["postgres", "redis"]).default("postgres"),
  )
  .option("--database-url <url>", "your own server; a database is created there and dropped again", parseUrl)
  .option("--redis-url <url>", "with it, your own Redis; the database must be empty (redis://…/15)", parseUrl)
  .option("--rolling-restart", "break nothing, but restart two workers ten times each under load", false)
  .addOption(
    new Option(
      "--host <host>",
      "whose tables: the sample shop's (own); the same in Asia/Kolkata with triggers and foreign keys of its own " +
        "(stranger); or those of a shop that a file declares, with bigint keys and marks (bigint), or with text keys " +
        "(text). Everywhere but on its own the service has a role of least privilege",
    )
      .choices(Object.keys(CHAOS_HOSTS))
      .default("own"),
  )
  .option("--json <file>", "write the result there as JSON")
  .option("--logs <directory>", "keep there what the processes wrote")
  .parse();

const options = program.opts<Options>();
if (options.redisUrl !== undefined && options.databaseUrl === undefined) {
  program.error("--redis-url needs --database-url beside it.");
}
if (options.databaseUrl !== undefined && options.host !== "own") {
  program.error("--host takes a server of the run's own.");
}
if (options.databaseUrl !== undefined && options.engine === "redis" && options.redisUrl === undefined) {
  program.error("--engine redis with --database-url needs --redis-url as well.");
}
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interruption.abort());

try {
  // Requests that still wait for an answer are nobody's business any more.
  process.exit(await run(options));
} catch (error) {
  const isInterrupted = interruption.signal.aborted;
  console.error(isInterrupted ? "Interrupted; everything has been stopped and removed." : error);
  process.exit(1);
}

async function run({
  seconds,
  seed,
  json,
  logs,
  databaseUrl,
  redisUrl,
  rollingRestart,
  ...options
}: Options): Promise<number> {
  const engine = redisUrl === undefined ? options.engine : "redis";
  console.log(
    `Chaos: ${seconds} s, seed ${seed}, queue on ${engine}${options.host === "own" ? "" : `, host ${options.host}`}`,
  );
  if (logs !== undefined) await mkdir(logs, { recursive: true });
  const line = createLiveLine();
  const result = await runChaos({
    ...{ seconds, seed, engine, databaseUrl, redisUrl, logDirectory: logs, interrupted: interruption.signal },
    host: options.host,
    plan: rollingRestart ? "rolling_restart" : "faults",
    onProgress: line.show,
  }).finally(line.end);
  printReport(result);
  if (json !== undefined) {
    const { actions, ids, faults, drainSeconds, violations } = result;
    const drain_seconds = drainSeconds ?? null;
    const content = { seed, engine, actions, ids, faults, drain_seconds, violations };
    await writeFile(json, `${JSON.stringify(content, null, 2)}\n`);
  }
  return result.violations.length === 0 ? 0 : 1;
}

function parseUrl(text: string): string {
  if (!URL.canParse(text)) throw new InvalidArgumentError("It must be a URL.");
  return text;
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}
