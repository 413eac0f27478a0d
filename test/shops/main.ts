import { commandLine } from "@bulk/service/process/command-line";
import { InvalidArgumentError } from "commander";
import { startEngines } from "../support/engines.ts";
import { drawShop } from "./generator/draw-shop.ts";
import { prepareServer } from "./prepare-server.ts";
import { runShop } from "./run-shop.ts";

const program = commandLine({
  name: "pnpm shops",
  description:
    "Draws shops at random, lets the service carry out what their operators declare, and compares every table and " +
    "every outcome with an oracle that goes record by record. Exit code 0: no difference; 1: differences.",
  variables: {},
  example: "pnpm shops --count 1000 --seed 1",
})
  .option("--count <number>", "how many shops", parseNumber, 100)
  .option("--seed <number>", "of the first shop; each further shop has the next one", parseNumber, 1)
  .parse();

const { count, seed: first } = program.opts<{ readonly count: number; readonly seed: number }>();
await using engines = await startEngines("postgres", ["synchronous_commit = off"]);
await prepareServer(engines.databaseUrl);
const outcomes = new Map<string, number>();
const kinds = { drawn: 0, planned: 0, refused: 0 };
const failed: number[] = [];
for (let seed = first; seed < first + count; seed++) {
  const differences = await run(seed);
  if (differences.length > 0) {
    failed.push(seed);
    console.log(`\nShop ${seed} differs (pnpm shops --count 1 --seed ${seed}):`);
    for (const difference of differences.slice(0, 12)) console.log(`  - ${difference}`);
  }
  const done = seed - first + 1;
  if (done % 20 === 0 || done === count) console.log(`${done} of ${count} shops, ${failed.length} differ`);
}
for (const [outcome, number] of [...outcomes].sort()) console.log(`${outcome.padEnd(30)} ${number}`);
console.log(`served as drawn ${kinds.drawn}, as planned ${kinds.planned}, refused by plan ${kinds.refused}`);
if (failed.length > 0) console.log(`Shops that differ: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function run(seed: number): Promise<readonly string[]> {
  const shop = drawShop(seed);
  if (count === 1) console.log(JSON.stringify(shop, null, 1));
  try {
    const report = await runShop(engines.databaseUrl, shop);
    kinds[report.kind]++;
    for (const [outcome, number] of report.outcomes)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + number);
    return report.differences;
  } catch (error) {
    return [`It could not be run: ${error instanceof Error ? error.stack : String(error)}`];
  }
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}
