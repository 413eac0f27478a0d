import fc from "fast-check";
import { openEngine } from "./engine.ts";
import type { Variant } from "./gated-database.ts";
import type { ModelHost } from "./hosts/model-host.ts";
import { runScenario } from "./run-scenario.ts";
import { type Scenario, scenarioOn } from "./scenario.ts";

/** Runs random scenarios on a database of their own against the service in this variant. */
export async function checkService(
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
