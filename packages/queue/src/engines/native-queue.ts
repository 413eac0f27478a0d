import { within } from "@bulk/service/timing/deadline";
import { createPostgresBackend, Queue } from "bullmq";
import type { Cluster, Redis } from "ioredis";
import {
  connectPostgres,
  connectRedis,
  type QueueEngine,
  REDIS_PREFIX,
  type RedisEngine,
} from "./connection.ts";
import { readOnlyReplica } from "./examine-writes.ts";
import { PRODUCER_POOL_SIZE } from "./pool-sizes.ts";
import { parseRedisInfo } from "./redis-info.ts";

export type NativeQueue = {
  /** BullMQ's own object. */
  readonly queue: Queue;
  /** Returns the response to `INFO memory`; `undefined` when the queue is in the database. */
  readMemoryInfo(): Promise<string | undefined>;
  /** Tries a harmless write on Redis. In the database it only reads: another check covers its writes. */
  tryWrite(): Promise<unknown>;
  /** Closes the connections. Gives up after the deadline, because closing never ends while the engine is down. */
  close(deadlineMs: number): Promise<void>;
};

/** Opens the producer side of a queue on the configured engine. Returns at once, connected or not. */
export function openNativeQueue(
  name: string,
  engine: QueueEngine,
  onError: (error: Error) => void,
): NativeQueue {
  const native =
    engine.redis === undefined
      ? openOnPostgres(name, engine.databaseUrl, onError)
      : openOnRedis(name, engine.redis, onError);
  native.queue.on("error", onError);
  return {
    queue: native.queue,
    readMemoryInfo: native.readMemoryInfo,
    tryWrite: native.tryWrite,
    async close(deadlineMs) {
      await within(deadlineMs, native.queue.close()).catch(onError);
      await within(deadlineMs, native.disconnect()).catch(onError);
    },
  };
}

type Opened = Pick<NativeQueue, "queue" | "readMemoryInfo" | "tryWrite"> & {
  readonly disconnect: () => Promise<void>;
};

function openOnPostgres(name: string, url: string, onError: (error: Error) => void): Opened {
  const pool = connectPostgres(url, PRODUCER_POOL_SIZE, onError);
  const queue: unknown = new Queue(name, { connection: pool }, createPostgresBackend);
  // The type names the backend, but all that this service and Bull Board use of it is the same for both.
  return {
    queue: queue as Queue,
    readMemoryInfo: async () => undefined,
    tryWrite: () => (queue as Queue).getJobCounts("waiting"),
    disconnect: () => pool.end(),
  };
}

function openOnRedis(name: string, engine: RedisEngine, onError: (error: Error) => void): Opened {
  const redis = connectRedis(engine, "producer", onError);
  const queue = new Queue(name, { connection: redis, prefix: REDIS_PREFIX });
  return {
    queue,
    readMemoryInfo: () => redis.info("memory"),
    tryWrite: () => tryWriteTo(redis),
    async disconnect() {
      redis.disconnect();
    },
  };
}

/** When the key of the try expires. */
const TRY_MS = 10_000;

// The client hides a replica's refusal of a write, because it connects again instead. So this reads the role first, where
// that is permitted.
async function tryWriteTo(redis: Redis | Cluster): Promise<void> {
  const facts = parseRedisInfo(await redis.info("replication").catch(() => ""));
  if (facts.get("role") === "slave") throw readOnlyReplica();
  await redis.set(`${REDIS_PREFIX}:try`, "1", "PX", TRY_MS);
}
