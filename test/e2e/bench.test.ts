import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { TARGETS } from "../bench/targets.ts";
import { startProgram } from "../support/program.ts";

// Loudly said in crashes.test.ts; in CI a missing Redis fails the run before it starts.
test.skipIf(inject("redisServer") === undefined)(
  "pnpm bench runs every case and writes every figure there is a target for",
  { timeout: 1_200_000 },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "bulk-actions-bench-"));
    try {
      const out = join(directory, "bench.json");
      await using bench = startProgram("test/bench/main.ts", {}, ["--tiny", "--out", out]);
      expect(await bench.exited(), bench.output()).toEqual({ code: 0, signal: null });

      const { figures } = JSON.parse(await readFile(out, "utf8"));
      for (const { figure, limit } of TARGETS) {
        expect(figures[figure], figure).toEqual({
          // Only what should not happen at all may be 0.
          median: expect.toSatisfy((value) => (limit === 0 ? value >= 0 : value > 0)),
          min: expect.any(Number),
          max: expect.any(Number),
          runs: expect.toSatisfy((value) => value >= 1),
        });
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
