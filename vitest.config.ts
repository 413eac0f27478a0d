import { defineConfig } from "vitest/config";
import { findProgram } from "./test/support/find-program.ts";
import type { Host } from "./test/support/test-database.ts";

/**
 * The tests of `pnpm test:release`: whether planted bugs are caught, and every case of the bench. Each takes minutes. Also those of
 * NOT_ABOUT_THE_HOST.
 */
const RELEASE = {
  model: "test/model/planted.test.ts",
  chaos: "test/chaos/mutants.test.ts",
  e2e: "test/e2e/bench.test.ts",
};

/**
 * The tests of `pnpm test:long`: random runs by the thousand, crowds, killed processes, and engines that go away for a minute.
 * `pnpm test` has all others.
 */
const LONG = {
  model: "test/model/engine.test.ts",
  integration: "test/integration/{backlog,dashboard-operator,fuzz,waiting}.test.ts",
  local: "test/local/{embedded-postgres,replica-lag}.test.ts",
  e2e: "test/e2e/!(commands|tracing|bench).test.ts",
};

const SLOW = [...Object.values(LONG), ...Object.values(RELEASE)];

/**
 * The integration tests that `pnpm test` runs on both queues: those about turns. Most others run on Redis in `pnpm test:long`,
 * on a stranger's database.
 */
const ABOUT_THE_QUEUE =
  "test/integration/{archiving,braking,cancel,connections,deleting,forged-jobs,idle-turns,metrics,mixed-versions,pausing,restore,safety-catch,sweeping,throttling,turn-places}.test.ts";

const INTEGRATION = "test/integration/**/*.test.ts";

/**
 * The safety catch's declaration lists the foreign keys and triggers of the plain sample shop. The brake is released when
 * others have gone, which the stranger's role may not see: rights.test.ts expects it to see no activity of other users.
 */
const ON_A_PLAIN_DATABASE = "test/integration/{braking,safety-catch}.test.ts";

/** What a browser shows does not depend on the database; `pnpm test` looks. */
const IN_A_BROWSER =
  "test/integration/{board,console-browser,console-browser-texts,console-browser-use,console-new-browser}.test.ts";

/** HTTP, upgrades and connections: where the database makes least difference, only a release runs them on a stranger's. */
const NOT_ABOUT_THE_HOST = [
  "test/integration/{calling,cli,client,client-*,errors,events,fuzz,idempotency,openapi,polling,unknown-names}.test.ts",
  "test/integration/{backlog,carry-over,connections,console-live,record-search-plans,waiting,webhook-names,webhook-targets,wire-shape}.test.ts",
];

// Without a Redis left out: global-setup.ts says so loudly, and in CI refuses.
const hasRedis = (await findProgram("redis-server", "valkey-server")) !== undefined;

export default defineConfig({
  test: {
    // One PostgreSQL server for the whole run; each file gets databases of its own on it.
    globalSetup: "test/support/global-setup.ts",
    // Most of the time is waiting: for processes to start, for locks, for sweeps.
    maxWorkers: 4,
    // Loading the services took half of a file's processor time; what a file opens, it closes, or it fails.
    isolate: false,
    // Generous: on a busy machine a process takes ten times as long to start.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // CI keeps only messages of failures: what was found instead must be in them.
    chaiConfig: { truncateThreshold: 1_000 },
    // A bulk action in a test must end, and its processes with it: what hangs is a leak, not bad luck.
    teardownTimeout: 10_000,
    projects: [
      project("unit", "{apps,packages}/*/src/**/*.test.ts"),
      project("fences", "test/fences/**/*.test.ts"),
      project("local", "test/local/**/*.test.ts", { exclude: SLOW }),
      project("integration on the PostgreSQL queue", INTEGRATION, {
        exclude: SLOW,
        queueEngine: "postgres",
      }),
      ...onRedis("integration on the Redis queue", ABOUT_THE_QUEUE),
      project("shops", "test/shops/**/*.test.ts"),
      project("chaos", "test/chaos/**/*.test.ts", { exclude: SLOW }),
      project("e2e", "test/e2e/**/*.test.ts", { exclude: SLOW }),

      project("long model", LONG.model),
      project("long local", LONG.local),
      project("long e2e", LONG.e2e),
      project("long integration on the PostgreSQL queue", LONG.integration, { queueEngine: "postgres" }),
      project("release model", RELEASE.model),
      project("release chaos", RELEASE.chaos),
      project("release e2e", RELEASE.e2e),
      ...onRedis(
        "long integration on a stranger's database",
        INTEGRATION,
        [ON_A_PLAIN_DATABASE, IN_A_BROWSER, ...NOT_ABOUT_THE_HOST],
        "stranger",
      ),
      ...onRedis("release integration on a stranger's database", NOT_ABOUT_THE_HOST, [], "stranger"),
    ],
  },
});

type ProjectOptions = {
  readonly exclude?: readonly string[];
  readonly queueEngine?: "postgres" | "redis";
  readonly host?: Host;
};

function project(
  name: string,
  include: string | readonly string[],
  { exclude = [], queueEngine, host = "own" }: ProjectOptions = {},
) {
  return {
    extends: true as const,
    test: {
      name,
      include: [include].flat(),
      exclude: ["**/node_modules/**", ...exclude],
      provide: { host, ...(queueEngine && { queueEngine }) },
    },
  };
}

function onRedis(
  name: string,
  include: string | readonly string[],
  exclude: readonly string[] = [],
  host: Host = "own",
) {
  return hasRedis ? [project(name, include, { exclude, queueEngine: "redis", host })] : [];
}
