import { describe, expect, test } from "vitest";
import { type ChunkFault, chooseRemedy, MAX_ATTEMPTS } from "./chunk-failure.ts";

const FAULTS: readonly ChunkFault[] = ["refused", "referenced", "locked", "conflict", "slow"];

describe("chooseRemedy", () => {
  test.each(["refused", "referenced"] as const)(
    "does not wait for what is %s: it halves at once",
    (fault) => {
      expect(chooseRemedy(fault, 1000, 0)).toEqual({ kind: "halve", sliceSize: 500 });
      expect(chooseRemedy(fault, 3, 0)).toEqual({ kind: "halve", sliceSize: 2 });
    },
  );

  test.each(["locked", "conflict"] as const)(
    "waits longer each time for what is %s, then halves",
    (fault) => {
      const remedies = [0, 1, 2, 3, 4].map((attempts) => chooseRemedy(fault, 1000, attempts));
      expect(remedies).toEqual([
        { kind: "back_off", delayMs: 500 },
        { kind: "back_off", delayMs: 1_000 },
        { kind: "back_off", delayMs: 2_000 },
        { kind: "back_off", delayMs: 4_000 },
        { kind: "halve", sliceSize: 500 },
      ]);
    },
  );

  test("takes fewer records when they are slow together, and waits only for a single one", () => {
    expect(chooseRemedy("slow", 2, 0)).toEqual({ kind: "halve", sliceSize: 1 });
    expect(chooseRemedy("slow", 1, 0)).toEqual({ kind: "back_off", delayMs: 500 });
  });

  test.each([
    ["refused", "record.internal_error"],
    ["referenced", "record.conflict"],
    ["locked", "record.locked"],
    ["conflict", "record.conflict"],
    ["slow", "record.timeout"],
  ] as const)("gives up a single record that is %s as %s when the attempts are used up", (fault, code) => {
    expect(chooseRemedy(fault, 1, MAX_ATTEMPTS - 1)).toEqual({ kind: "fail_record", code });
  });

  test.each(FAULTS)("comes to an end for a chunk in which every try is %s", (fault) => {
    let [size, attempts, tries] = [10_000, 0, 0];
    for (;;) {
      tries += 1;
      const remedy = chooseRemedy(fault, size, attempts);
      if (remedy.kind === "fail_record") break;
      if (remedy.kind === "halve") size = remedy.sliceSize;
      else attempts += 1;
    }
    // log2(10,000) halvings and the attempts.
    expect(tries).toBeLessThanOrEqual(14 + MAX_ATTEMPTS);
  });
});
