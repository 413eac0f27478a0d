import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openEngine } from "./engine.ts";
import type { Variant } from "./gated-database.ts";
import { bigintHost } from "./hosts/bigint-host.ts";
import type { ModelHost } from "./hosts/model-host.ts";
import { ownHost } from "./hosts/own-host.ts";
import { textHost } from "./hosts/text-host.ts";
import { asBuilt, MUTANTS, mutantsOn } from "./mutants.ts";
import { runScenario } from "./run-scenario.ts";
import { type Scenario, scenarioOn } from "./scenario.ts";

const RUNS: readonly (readonly [string, ModelHost])[] = [
  ["the sample shop", ownHost],
  ["the sample shop, again", ownHost],
  ["the sample shop, once more", ownHost],
  ["a shop with bigint keys that marks", bigintHost],
  ["a shop with text keys that deletes and detaches", textHost],
];

const BROKEN: readonly (readonly [string, ModelHost, Variant])[] = [
  ...[...MUTANTS].map(([name, mutant]) => [name, ownHost, mutant] as const),
  ...[bigintHost, textHost].flatMap((declared) =>
    mutantsOn(declared).map(
      ([name, host, mutant]) => [`${name}, with ${host.keyType} keys`, host, mutant] as const,
    ),
  ),
];

describe("turns, sweeps, crashes, lost queues and shoppers in any order", () => {
  // Most of a run is waiting for the database, so several go on side by side, each in a database of its own.
  test.concurrent.for(RUNS)(
    "leave every id with one true outcome, every record whole, and every bulk action with its status: on %s",
    { timeout: 240_000 },
    async ([, host]) => {
      const details = await check(host, asBuilt, { numRuns: 1_000, interruptAfterTimeLimit: 75_000 });

      expect(details.numRuns).toBeGreaterThan(0);
      if (details.failed) expect.fail(tellFailure(details));
    },
  );
});

describe("a service in which, on purpose,", () => {
  // The seed is fixed: whether a mutant is caught in time is no matter of luck.
  test.concurrent.for(BROKEN)("%s, is caught", { timeout: 600_000 }, async ([, host, mutant]) => {
    const broken: Variant = (run) => mutant(asBuilt(run));

    const details = await check(host, broken, { numRuns: 2_000, seed: 5, endOnFailure: true });

    expect(details.errorInstance).toMatchObject({ name: "Violation" });
  });
});

async function check(
  host: ModelHost,
  variant: Variant,
  parameters: fc.Parameters<[Scenario]>,
): Promise<fc.RunDetails<[Scenario]>> {
  await using engine = await openEngine(host);
  let last = Promise.resolve();
  const property = fc.asyncProperty(scenarioOn(host), (one) => {
    last = runScenario(engine, one, variant);
    return last;
  });
  const details = await fc.check(property, parameters);
  // The time limit does not wait for the run it interrupts.
  await last.catch(() => undefined);
  return details;
}

function tellFailure({ errorInstance, seed, counterexamplePath }: fc.RunDetails<[Scenario]>): string {
  return `${errorInstance}\n\nTo play it again: { seed: ${seed}, path: "${counterexamplePath}" }`;
}
