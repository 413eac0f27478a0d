import { RedisConnection } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { connectRedis, type RedisEngine } from "./connection.ts";
import { parseRedisInfo } from "./redis-info.ts";
import { within } from "./within.ts";

/** What a Redis or Valkey says of itself, as far as the queue has to know. */
export type RedisFacts = {
  /** Of Redis, or of the Redis that another server passes for. */
  readonly version: string;
  readonly isReplica: boolean;
  /** `undefined`: it does not say. */
  readonly evictionPolicy: string | undefined;
  readonly usedBytes: number;
  /** 0: there is none. */
  readonly limitBytes: number;
  /** Whether it writes an append-only file or snapshots; `undefined`: it does not say. */
  readonly isPersistent: boolean | undefined;
};

/** A connection to ask with. */
export type RedisProbe = {
  readFacts(): Promise<RedisFacts>;
  /** Milliseconds since 1970 by the server's clock. */
  readClock(): Promise<number>;
  close(): void;
};

/** Below the first BullMQ refuses to work; it recommends the second. */
export const LEAST_REDIS_VERSION = RedisConnection.minimumVersion;
export const RECOMMENDED_REDIS_VERSION = RedisConnection.recommendedMinimumVersion;

/** Connects once; of a Cluster, whichever node answers. Throws the first reason why that does not work, which never holds the URL's password. */
export async function openRedisProbe(engine: RedisEngine): Promise<RedisProbe> {
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  const redis = connectRedis(engine, "producer", reject);
  redis.once("ready", resolve);
  try {
    await within(4_000, connected);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return {
    readFacts: () => readFacts(redis),
    async readClock() {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    },
    close: () => redis.disconnect(),
  };
}

async function readFacts(redis: Redis | Cluster): Promise<RedisFacts> {
  const facts = parseRedisInfo(await redis.info());
  return {
    version: facts.get("redis_version") ?? "0",
    isReplica: facts.get("role") === "slave",
    evictionPolicy: facts.get("maxmemory_policy"),
    usedBytes: Number(facts.get("used_memory") ?? 0),
    limitBytes: Number(facts.get("maxmemory") ?? 0),
    isPersistent: facts.get("aof_enabled") === "1" ? true : await takesSnapshots(redis),
  };
}

// Managed servers have no CONFIG.
async function takesSnapshots(redis: Redis | Cluster): Promise<boolean | undefined> {
  const reply: unknown = await redis.config("GET", "save").catch(() => undefined);
  if (!Array.isArray(reply)) return undefined;
  return reply[1] !== "";
}
