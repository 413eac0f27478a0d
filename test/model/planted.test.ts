import { describe, expect, test } from "vitest";
import { checkService } from "./check-service.ts";
import type { Variant } from "./gated-database.ts";
import { bigintHost } from "./hosts/bigint-host.ts";
import type { ModelHost } from "./hosts/model-host.ts";
import { ownHost } from "./hosts/own-host.ts";
import { textHost } from "./hosts/text-host.ts";
import { asBuilt, MUTANTS, mutantsOn } from "./mutants.ts";

const BROKEN: readonly (readonly [string, ModelHost, Variant])[] = [
  ...[...MUTANTS].map(([name, mutant]) => [name, ownHost, mutant] as const),
  ...[bigintHost, textHost].flatMap((declared) =>
    mutantsOn(declared).map(
      ([name, host, mutant]) => [`${name}, with ${host.keyType} keys`, host, mutant] as const,
    ),
  ),
];

describe("a service in which, on purpose,", () => {
  // The seed is fixed: whether a mutant is caught in time is no matter of luck.
  test.concurrent.for(BROKEN)("%s, is caught", { timeout: 600_000 }, async ([, host, mutant]) => {
    const broken: Variant = (run) => mutant(asBuilt(run));

    const details = await checkService(host, broken, { numRuns: 2_000, seed: 5, endOnFailure: true });

    expect(details.errorInstance).toMatchObject({ name: "Violation" });
  });
});
