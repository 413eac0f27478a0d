import type pg from "pg";
import type { RedisServer } from "../support/redis-server.ts";
import type { ChaosClient } from "./client.ts";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import type { ServiceProcess } from "./services.ts";
import type { ActionType, ChaosShop } from "./shop.ts";

/** Where the run takes place. What is `undefined` cannot be broken. */
export type ChaosEngines = AsyncDisposable & {
  /** Past every proxy. */
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  /** Empties the Redis database. */
  readonly flushRedis?: (() => Promise<void>) | undefined;
  /** Where nobody else lives: to be killed and paused. */
  readonly redisServer?: RedisServer | undefined;
  /** Ends PostgreSQL without a shutdown and starts it again. */
  readonly restartPostgres?: (() => Promise<void>) | undefined;
};

/** Everything there is to break. */
export type Arena = {
  readonly engines: ChaosEngines;
  /** Past every proxy. */
  readonly database: pg.Pool;
  readonly host: ChaosHost;
  readonly services: readonly ServiceProcess[];
  /** Targets that are in trouble already. */
  readonly busy: Set<string>;
  /** Some of the ids that were sent last: the ones worth getting in the way of. */
  readonly recentIds: (actionType: ActionType) => readonly string[];
};

/** What the sending and breaking needs. */
export type Tools = Pick<Arena, "engines" | "database" | "host" | "services"> & {
  readonly shops: readonly ChaosShop[];
  readonly client: ChaosClient;
};
