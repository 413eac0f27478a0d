import { createRandom } from "../../chaos/random.ts";
import type { DeclaredRecord } from "../declaration.ts";
import type { HostExpectation } from "./host.ts";

/** Draws, for each action, whether its declaration lists what it expects, and whether that is right. */
export function drawExpectations(
  seed: number,
  { actions }: DeclaredRecord,
): Readonly<Record<string, HostExpectation>> {
  // Of its own, so that all else about a seed is as it was without it.
  const random = createRandom(seed + 1_000_000_007);
  const kinds = ["none", "none", "right", "right", "right", "right", "right", "missing", "invented"] as const;
  return Object.fromEntries(
    Object.keys(actions).map((type) => [type, { kind: random.pick(kinds), at: random.integer(0, 1_000) }]),
  );
}

/** The lines that a declaration with this expectation has, where these would be right. */
export function writeExpects(
  lines: readonly string[],
  { kind, at }: HostExpectation,
): readonly string[] | undefined {
  switch (kind) {
    case "none":
      return undefined;
    case "right":
      return lines;
    case "missing":
      return lines.filter((_, index) => index !== at % lines.length);
    case "invented":
      return [...lines, "TRIGGER invented ON public.invented AFTER DELETE ROW EXECUTE public.invented"];
  }
}
