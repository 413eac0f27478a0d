import { within } from "@bulk/service/timing/deadline";
import { RedisConnection } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import { connectRedis, type RedisEngine } from "./connection.ts";
import { parseRedisInfo } from "./redis-info.ts";

/** The facts about a Redis or Valkey that matter for the queue. */
export type RedisFacts = {
  /** The version of Redis; of a compatible server, the Redis version that it reports. */
  readonly version: string;
  readonly isReplica: boolean;
  /** `undefined`: unknown. */
  readonly evictionPolicy: string | undefined;
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly limitBytes: number;
  /** Whether it writes an append-only file or snapshots; `undefined`: unknown. */
  readonly isPersistent: boolean | undefined;
};

/** A connection for diagnosis. */
export type RedisProbe = {
  readFacts(): Promise<RedisFacts>;
  /** Milliseconds since 1970 by the server's clock. */
  readClock(): Promise<number>;
  close(): void;
};

/** BullMQ refuses older versions. */
export const LEAST_REDIS_VERSION = RedisConnection.minimumVersion;
/** BullMQ recommends this version or a newer one. */
export const RECOMMENDED_REDIS_VERSION = RedisConnection.recommendedMinimumVersion;

/**
 * Connects once; in a Cluster, to the first node that responds. Throws the first error, which never has the URL's
 * password.
 */
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

// Managed servers refuse CONFIG.
async function takesSnapshots(redis: Redis | Cluster): Promise<boolean | undefined> {
  const reply: unknown = await redis.config("GET", "save").catch(() => undefined);
  if (!Array.isArray(reply)) return undefined;
  return reply[1] !== "";
}
