import { apiConfig } from "@bulk/api/config";
import { startApi } from "@bulk/api/start-api";
import { type FilledShop, fillShop } from "@bulk/local/fill-shop";
import { readConfig } from "@bulk/service/config/read-config";
import { createLogger } from "@bulk/service/process/logger";
import type { Service } from "@bulk/service/process/run-service";
import type { ShopSize } from "@bulk/store/seed-shop";
import type { ResolveName } from "@bulk/webhooks/resolve-name";
import { workerConfig } from "@bulk/worker/config";
import { startWorker } from "@bulk/worker/start-worker";
import { inject } from "vitest";
import { type Client, createClient } from "./client.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { createTestDatabase, type Host, type TestDatabase } from "./test-database.ts";
import { UNLIMITED } from "./unlimited.ts";

/** API and workers in this process, on real engines of the test's own, over real HTTP. */
export type TestService = Client & {
  readonly database: TestDatabase;
  /** Only where the queue is on Redis. */
  readonly redis: RedisServer | undefined;
  readonly url: string;
  /** Health and dashboard. */
  readonly opsUrl: string;
  /** It stops when it is disposed of, and with the service at the latest. */
  startWorker(environment?: NodeJS.ProcessEnv, resolve?: ResolveName): Promise<TestWorker>;
  fillShop(size: Partial<ShopSize>, account?: string): Promise<FilledShop>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestWorker = Service & AsyncDisposable & { readonly opsUrl: string };

export type TestServiceOptions = {
  readonly host?: Host;
  /** Changes the database before anybody connects to it. Without `redis` the queue is in the database. */
  readonly prepare?: (database: TestDatabase, redis: RedisServer | undefined) => Promise<unknown>;
};

/** Opens everything; the variables given override the defaults of API and workers. */
export async function openTestService(
  environment: NodeJS.ProcessEnv = {},
  { host, prepare }: TestServiceOptions = {},
): Promise<TestService> {
  const database = await createTestDatabase(host);
  const redis = await startRedisIfNeeded();
  await prepare?.(database, redis);
  const variables = {
    DATABASE_URL: database.serviceUrl,
    ...(redis && { REDIS_URL: redis.url }),
    ...{ PORT: "0", OPS_PORT: "0", WORKER_OPS_PORT: "0", LOG_LEVEL: "fatal" },
    // A test looks at the database, and changes it, while bulk actions run.
    PROTECT: "off",
    ...UNLIMITED,
    ...environment,
  };
  const logger = createLogger({ name: "test", level: variables.LOG_LEVEL });
  const api = await startApi(readConfig(apiConfig, variables), logger);
  const services = new Set<Service>([api]);
  const url = `http://127.0.0.1:${api.port}`;
  return {
    database,
    redis,
    url,
    opsUrl: `http://127.0.0.1:${api.opsPort}`,
    ...createClient(url),
    async startWorker(workerEnvironment = {}, resolve = undefined) {
      const worker = await startWorker(
        readConfig(workerConfig, { ...variables, ...workerEnvironment }),
        logger,
        resolve,
      );
      services.add(worker);
      async function stop(): Promise<void> {
        if (services.delete(worker)) await worker.stop();
      }
      return { opsUrl: `http://127.0.0.1:${worker.opsPort}`, stop, [Symbol.asyncDispose]: stop };
    },
    fillShop(size, account = "test") {
      return fillShop(database.url, account, { products: 0, customers: 0, inUse: 0, ...size });
    },
    async [Symbol.asyncDispose]() {
      for (const service of [...services].reverse()) await service.stop();
      await redis?.dispose();
      await database.dispose();
    },
  };
}

async function startRedisIfNeeded(): Promise<RedisServer | undefined> {
  if (inject("queueEngine") === "postgres") return undefined;
  const program = inject("redisServer");
  if (program === undefined) throw new Error("There is no Redis to test on.");
  return await startRedisServer(program);
}
