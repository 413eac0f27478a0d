import { describe, expect, test } from "vitest";
import {
  type ChunkFault,
  chooseRemedy,
  type Evidence,
  MAX_ATTEMPTS,
  MOST_ATTEMPTS,
} from "./chunk-failure.ts";

const FAULTS: readonly ChunkFault[] = [
  "refused",
  "referenced",
  "locked",
  "conflict",
  "slow",
  "taken",
  "orphaned",
  "early",
  "kept",
  "server",
];

describe("chooseRemedy", () => {
  test.each(["refused", "referenced", "taken", "orphaned", "kept"] as const)(
    "does not wait for what is %s: it halves at once",
    (fault) => {
      expect(chooseRemedy({ fault, size: 1000, attempts: 0 })).toEqual({ kind: "halve", sliceSize: 500 });
      expect(chooseRemedy({ fault, size: 3, attempts: 0 })).toEqual({ kind: "halve", sliceSize: 2 });
    },
  );

  test.each(["locked", "conflict"] as const)(
    "waits longer each time for what is %s, then halves",
    (fault) => {
      const remedies = [0, 1, 2, 3, 4].map((attempts) => chooseRemedy({ fault, size: 1000, attempts }));
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
    expect(chooseRemedy({ fault: "slow", size: 2, attempts: 0 })).toEqual({ kind: "halve", sliceSize: 1 });
    expect(chooseRemedy({ fault: "slow", size: 1, attempts: 0 })).toEqual({ kind: "back_off", delayMs: 500 });
  });

  test.each([
    ["refused", "record.internal_error"],
    ["referenced", "record.conflict"],
    ["locked", "record.locked"],
    ["conflict", "record.conflict"],
    ["slow", "record.timeout"],
    ["server", "record.internal_error"],
  ] as const)("gives up a single record that is %s as %s when the attempts are used up", (fault, code) => {
    const last = { fault, size: 1, attempts: MOST_ATTEMPTS - 1 };
    expect(chooseRemedy(last)).toEqual({ kind: "fail_record", code });
  });

  test.each([
    ["kept", "record.kept"],
    ["taken", "record.unique_taken:code_key"],
    ["orphaned", "record.parent_gone"],
  ] as const)("skips a single record that is %s as %s", (fault, code) => {
    const remedy = { kind: "skip_record", code };
    expect(chooseRemedy({ fault, size: 1, attempts: 0, constraint: "code_key" })).toEqual(remedy);
  });

  test("waits only with a single record for a parent that may come back, then skips it", () => {
    expect(chooseRemedy({ fault: "early", size: 2, attempts: 0 })).toEqual({ kind: "halve", sliceSize: 1 });
    const kinds = [0, 1, 2, 3, 4].map((attempts) => chooseRemedy({ fault: "early", size: 1, attempts }).kind);
    expect(kinds).toEqual(["back_off", "back_off", "back_off", "back_off", "skip_record"]);
  });

  test.each<[Evidence, number]>([
    ["others_pass", 0],
    ["others_passed", MAX_ATTEMPTS - 1],
    ["none", MOST_ATTEMPTS - 1],
  ])(
    "waits for a server that may be ill the longer, the less shows that it is well: %s",
    (evidence, waits) => {
      const failed = { fault: "server", size: 1, evidence } as const;
      const kinds = Array.from(
        { length: waits + 1 },
        (_, attempts) => chooseRemedy({ ...failed, attempts }).kind,
      );
      expect(kinds).toEqual([...Array.from({ length: waits }, () => "back_off"), "fail_record"]);
    },
  );

  test("only waits for a locked table, however often and however many records", () => {
    for (const size of [1, 1000]) {
      const failed = { fault: "table_locked", size, attempts: 100 } as const;
      expect(chooseRemedy(failed)).toEqual({ kind: "wait", delayMs: 1_000 });
    }
  });

  test.each(FAULTS)("comes to an end for a chunk in which every try is %s", (fault) => {
    let [size, attempts, tries] = [10_000, 0, 0];
    for (;;) {
      tries += 1;
      const remedy = chooseRemedy({ fault, size, attempts });
      if (remedy.kind === "fail_record" || remedy.kind === "skip_record") break;
      if (remedy.kind === "halve") size = remedy.sliceSize;
      else attempts += 1;
    }
    // log2(10,000) halvings and the attempts.
    expect(tries).toBeLessThanOrEqual(14 + MOST_ATTEMPTS);
  });
});
