import { commandLine } from "@bulk/service/command-line";
import { InvalidArgumentError } from "commander";
import { ATTACKS } from "./attacks.ts";
import { runFuzz } from "./fuzz.ts";
import { type AttackResult, runAttacks } from "./run.ts";

type Options = {
  readonly seconds: number;
  readonly only?: string;
  readonly memory: number;
  readonly list?: true;
  readonly fuzz?: number;
  readonly seed: number;
};

const program = commandLine({
  name: "pnpm attack",
  description:
    "Starts API and worker within a limit on their memory, on engines of their own, and attacks them in every way " +
    "that docs/security.md says they withstand. Meanwhile both must live and say so within a second, another account " +
    "must be served at most five times as slowly as by an idle service, and nothing may be written. Where the machine " +
    "has other work, both times grow with its load. Exit code 0: all of that held; 1: it did not; 2: wrong usage.",
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
  .option("--fuzz <number>", "instead, send so many hostile requests of the fuzz corpus", parseCount)
  .option("--seed <number>", "of the fuzz; the same seed gives the same requests", parseCount, 1)
  .option("--list", "print the attacks' names and end")
  .parse();

const { seconds, only = "", memory, list, fuzz, seed } = program.opts<Options>();
const names = Object.keys(ATTACKS).filter((name) => name.includes(only));
if (names.length === 0) program.error(`No attack has "${only}" in its name; --list prints them.`);
if (list) {
  console.log(names.join("\n"));
  process.exit(0);
}

if (fuzz !== undefined) {
  await runFuzz(fuzz, memory, seed);
  process.exit(0);
}

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interruption.abort());
const secondsEach = Math.max(0.5, seconds / names.length);
console.log(`${names.length} attacks, ${secondsEach.toFixed(1)} s each, ${memory} MB for each process\n`);
console.log(`${"attack".padEnd(36)} p95 of others   peak   answers to the attacker`);
const violations = await runAttacks({
  names,
  secondsEach,
  megabytes: memory,
  onResult: print,
  interrupted: interruption.signal,
});
for (const violation of violations) console.error(`VIOLATION ${violation}`);
console.log(violations.length === 0 ? "\nEverything held." : `\n${violations.length} violations.`);
process.exit(violations.length === 0 ? 0 : 1);

function print({ name, p95Ms, peakMb, statuses, violations: found }: AttackResult): void {
  const peak = peakMb === undefined ? "-" : `${peakMb} MB`;
  const verdict = found.length === 0 ? "" : "  VIOLATION";
  console.log(
    `${name.padEnd(36)} ${`${p95Ms} ms`.padStart(10)} ${peak.padStart(10)}   ${statuses}${verdict}`,
  );
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d{1,8}$/.test(text) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}
