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
import { parseRedisInfo } from "./redis-info.ts";
import { within } from "./within.ts";

export type NativeQueue = {
  /** BullMQ's own object. */
  readonly queue: Queue;
  /** What Redis says of its memory; `undefined` where the queue is in the database. */
  readMemoryInfo(): Promise<string | undefined>;
  /** Writes something that means nothing, as far as the engine is not the database, which others ask. */
  tryWrite(): Promise<unknown>;
  /** Ends the connections. Neither half of it would end while the engine is out of reach, so it gives up. */
  close(deadlineMs: number): Promise<void>;
};

/** Opens the producer's side of a queue on whichever engine is configured; answers at once, connected or not. */
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
  const pool = connectPostgres(url, 4, onError);
  const queue: unknown = new Queue(name, { connection: pool }, createPostgresBackend);
  // BullMQ's types name the backend in the class; what is used of it, here and by Bull Board, is the same.
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

/** How long the key of a try stays. */
const TRY_MS = 10_000;

// A replica's refusal of a write is never seen here: the client connects once more instead. So its role is asked for,
// where that is allowed.
async function tryWriteTo(redis: Redis | Cluster): Promise<void> {
  const facts = parseRedisInfo(await redis.info("replication").catch(() => ""));
  if (facts.get("role") === "slave") throw readOnlyReplica();
  await redis.set(`${REDIS_PREFIX}:try`, "1", "PX", TRY_MS);
}
