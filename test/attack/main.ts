import { commandLine } from "@bulk/service/process/command-line";
import { InvalidArgumentError, Option } from "commander";
import { listAttacks } from "./attacks.ts";
import { runFuzz } from "./fuzz.ts";
import { type AttackResult, LENIENT, runAttacks, STRICT } from "./run.ts";

type Options = {
  readonly seconds: number;
  readonly only?: string;
  readonly memory: number;
  readonly engine: "postgres" | "redis";
  readonly strict?: true;
  readonly list?: true;
  readonly fuzz?: number;
  readonly seed: number;
};

const program = commandLine({
  name: "pnpm attack",
  description:
    "Starts API and worker within a limit on their memory, on engines of their own, and attacks them: the API over the " +
    "network, the worker by what webhook receivers answer, and with --engine redis also by forged jobs. Meanwhile both " +
    "must live and say so, another account's requests must be served and its webhooks come, and nothing may be " +
    "written that was refused. Times are printed; --strict judges them. Exit code 0: all of that held; 1: it did not; 2: wrong usage.",
  variables: {},
  example: "pnpm attack --seconds 120 --only answers",
})
  .option(
    "--seconds <number>",
    "how long all attacks together go on, beside their preparations",
    parseCount,
    180,
  )
  .option("--only <text>", "only the attacks with this in their names")
  .option("--memory <megabytes>", "what API and worker may take each", parseCount, 768)
  .addOption(
    new Option("--engine <engine>", "where the queue is").choices(["postgres", "redis"]).default("postgres"),
  )
  .option(
    "--strict",
    "for a machine without other work: /health/live within 1 s, another account's p95 at most five times as long as idle (which counts as at least 15 ms)",
  )
  .option("--fuzz <number>", "instead, send so many hostile requests of the fuzz corpus", parseCount)
  .option("--seed <number>", "of the fuzz; the same seed gives the same requests", parseCount, 1)
  .option("--list", "print the attacks' names and end")
  .parse();

const { seconds, only = "", memory, engine, strict, list, fuzz, seed } = program.opts<Options>();
const names = listAttacks(engine).filter((name) => name.includes(only));
if (names.length === 0) program.error(`No attack has "${only}" in its name; --list prints them.`);
if (list) {
  console.log(names.join("\n"));
  process.exit(0);
}

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interruption.abort());

const demands = strict ? STRICT : LENIENT;
if (fuzz !== undefined) {
  const run = { requests: fuzz, megabytes: memory, engine, seed, liveWithinMs: demands.liveWithinMs };
  end(await runFuzz({ ...run, interrupted: interruption.signal, print: console.log }));
}

const secondsEach = Math.max(0.5, seconds / names.length);
console.log(`${names.length} attacks, ${secondsEach.toFixed(1)} s each, ${memory} MB for each process\n`);
const violations = await runAttacks({
  names,
  secondsEach,
  megabytes: memory,
  engine,
  demands,
  onStart: printStart,
  onResult: print,
  interrupted: interruption.signal,
});
end(violations);

function end(found: readonly string[]): never {
  for (const violation of found) console.error(`VIOLATION ${violation}`);
  console.log(found.length === 0 ? "\nEverything held." : `\n${found.length} violations.`);
  process.exit(found.length === 0 ? 0 : 1);
}

function printStart(processes: readonly string[]): void {
  console.log(`${processes.join("; ")}\n`);
  console.log("                                      p95 of others   slowest  peak of API  answers");
  console.log("attack                             requests webhooks  live    and worker   to the attacker");
}

function print({ name, statuses, violations: found, ...result }: AttackResult): void {
  const times = [result.p95Ms, result.webhooksP95Ms, result.slowestLiveMs];
  const peaks = result.peaksMb.map((peak) => (peak === undefined ? "-" : String(peak))).join("/");
  const columns = [...times.map((ms) => `${ms} ms`.padStart(8)), `${peaks} MB`.padStart(12)];
  const verdict = found.length === 0 ? "" : "  VIOLATION";
  console.log(`${name.padEnd(34)} ${columns.join(" ")}   ${statuses}${verdict}`);
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d{1,8}$/.test(text) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}
