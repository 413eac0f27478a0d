import { defineConfig } from "vitest/config";
import { findProgram } from "./test/support/find-program.ts";

// Without a Redis left out: global-setup.ts says so loudly, and in CI refuses.
const hasRedis = (await findProgram("redis-server", "valkey-server")) !== undefined;

export default defineConfig({
  test: {
    // One PostgreSQL server for the whole run; each file gets databases of its own on it.
    globalSetup: "test/support/global-setup.ts",
    // Most of the time is waiting: for processes to start, for locks, for sweeps.
    maxWorkers: 4,
    // Generous: on a busy machine a process takes ten times as long to start.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A bulk action in a test must end, and its processes with it: what hangs is a leak, not bad luck.
    teardownTimeout: 10_000,
    projects: [
      project("unit", "{apps,packages}/*/src/**/*.test.ts"),
      project("fences", "test/fences/**/*.test.ts"),
      project("local", "test/local/**/*.test.ts"),
      project("integration on the PostgreSQL queue", "test/integration/**/*.test.ts", "postgres"),
      ...(hasRedis
        ? [project("integration on the Redis queue", "test/integration/**/*.test.ts", "redis")]
        : []),
      project("model", "test/model/**/*.test.ts"),
      project("chaos", "test/chaos/**/*.test.ts"),
      project("e2e", "test/e2e/**/*.test.ts"),
    ],
  },
});

function project(name: string, include: string, queueEngine?: "postgres" | "redis") {
  return {
    extends: true as const,
    test: { name, include: [include], ...(queueEngine && { provide: { queueEngine } }) },
  };
}
