import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openEngine } from "./engine.ts";
import type { Variant } from "./gated-database.ts";
import { asBuilt, MUTANTS } from "./mutants.ts";
import { runScenario } from "./run-scenario.ts";
import { type Scenario, scenario } from "./scenario.ts";

describe("turns, sweeps, crashes, lost queues and shoppers in any order", () => {
  // Most of a run is waiting for the database, so several go on side by side, each in a database of its own.
  test.concurrent.for([1, 2, 3, 4])(
    "leave every id with one true outcome and every bulk action with its status (%i of 4)",
    { timeout: 240_000 },
    async () => {
      const details = await check(asBuilt, { numRuns: 1_000, interruptAfterTimeLimit: 75_000 });

      expect(details.numRuns).toBeGreaterThan(0);
      if (details.failed) expect.fail(tellFailure(details));
    },
  );
});

describe("a service in which, on purpose,", () => {
  // The seed is fixed: whether a mutant is caught in time is no matter of luck.
  test.concurrent.for([...MUTANTS])("%s, is caught", { timeout: 600_000 }, async ([, mutant]) => {
    const broken: Variant = (run) => mutant(asBuilt(run));

    const details = await check(broken, { numRuns: 2_000, seed: 2, endOnFailure: true });

    expect(details.errorInstance).toMatchObject({ name: "Violation" });
  });
});

async function check(
  variant: Variant,
  parameters: fc.Parameters<[Scenario]>,
): Promise<fc.RunDetails<[Scenario]>> {
  await using engine = await openEngine();
  let last = Promise.resolve();
  const property = fc.asyncProperty(scenario, (one) => {
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
