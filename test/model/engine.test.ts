import type fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkService } from "./check-service.ts";
import { bigintHost } from "./hosts/bigint-host.ts";
import type { ModelHost } from "./hosts/model-host.ts";
import { ownHost } from "./hosts/own-host.ts";
import { textHost } from "./hosts/text-host.ts";
import { asBuilt } from "./mutants.ts";
import type { Scenario } from "./scenario.ts";

const RUNS: readonly (readonly [string, ModelHost])[] = [
  ["the sample shop", ownHost],
  ["the sample shop, again", ownHost],
  ["the sample shop, once more", ownHost],
  ["a shop with bigint keys that marks", bigintHost],
  ["a shop with text keys that deletes and detaches", textHost],
];

describe("turns, sweeps, crashes, lost queues and shoppers in any order", () => {
  // Most of a run is waiting for the database, so several go on side by side, each in a database of its own.
  test.concurrent.for(RUNS)(
    "leave every id with one true outcome, every record whole, and every bulk action with its status: on %s",
    { timeout: 240_000 },
    async ([, host]) => {
      const details = await checkService(host, asBuilt, { numRuns: 1_000, interruptAfterTimeLimit: 75_000 });

      expect(details.numRuns).toBeGreaterThan(0);
      if (details.failed) expect.fail(tellFailure(details));
    },
  );
});

function tellFailure({ errorInstance, seed, counterexamplePath }: fc.RunDetails<[Scenario]>): string {
  return `${errorInstance}\n\nTo play it again: { seed: ${seed}, path: "${counterexamplePath}" }`;
}
