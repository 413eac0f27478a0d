import { type FilledShop, fillShop } from "@bulk/local/fill-shop";
import { findFreePort } from "@bulk/local/stack/free-port";
import type { ShopSize } from "@bulk/store/seed-shop";
import { inject } from "vitest";
import { type Client, createClient } from "./client.ts";
import { type Program, startProgram } from "./program.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";
import { UNLIMITED } from "./unlimited.ts";

export type QueueEngine = "postgres" | "redis";

/** Both engines, or PostgreSQL alone where there is no Redis. */
export function queueEngines(redisServer: string | undefined): readonly QueueEngine[] {
  return redisServer === undefined ? ["postgres"] : ["postgres", "redis"];
}

/** API and workers as processes of their own, on real engines of the test's own. */
export type TestStack = Client & {
  readonly database: TestDatabase;
  readonly redis: RedisServer | undefined;
  readonly url: string;
  readonly api: Program;
  /** The variables the processes run with. */
  readonly environment: NodeJS.ProcessEnv;
  startWorker(): Program;
  /** Another API on the same port. */
  restartApi(): Promise<Program>;
  fillShop(size: Partial<ShopSize>, account?: string): Promise<FilledShop>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts the API of the tree in `directory`, by default of this one. */
export async function openTestStack(
  engine: QueueEngine,
  overrides: NodeJS.ProcessEnv = {},
  directory?: string,
): Promise<TestStack> {
  const database = await createTestDatabase();
  const redis = engine === "redis" ? await startRedisServer(requireRedis()) : undefined;
  const port = await findFreePort(0);
  const environment = {
    DATABASE_URL: database.serviceUrl,
    ...(redis && { REDIS_URL: redis.url }),
    ...{ PORT: String(port), OPS_PORT: "0", WORKER_OPS_PORT: "0", CI: process.env["CI"] },
    // A test looks at the database, and changes it, while bulk actions run.
    PROTECT: "off",
    ...UNLIMITED,
    ...overrides,
  };
  const api = await startApi(environment, directory);
  return {
    ...createClient(`http://127.0.0.1:${port}`),
    ...{ database, redis, api, environment },
    url: `http://127.0.0.1:${port}`,
    startWorker: () => startProgram("apps/worker/src/main.ts", environment, [], directory),
    restartApi: () => startApi(environment, directory),
    fillShop(size, account = "test") {
      return fillShop(database.url, account, { products: 0, customers: 0, inUse: 0, ...size });
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await redis?.dispose();
      await database.dispose();
    },
  };
}

async function startApi(environment: NodeJS.ProcessEnv, directory: string | undefined): Promise<Program> {
  const api = startProgram("apps/api/src/main.ts", environment, [], directory);
  await api.says(/api is listening/);
  return api;
}

function requireRedis(): string {
  const program = inject("redisServer");
  if (program === undefined) throw new Error("There is no Redis to test on.");
  return program;
}
