import { createPostgresBackend, Queue } from "bullmq";
import {
  connectPostgres,
  connectRedis,
  type QueueEngine,
  REDIS_PREFIX,
  type RedisEngine,
} from "./connection.ts";
import { within } from "./within.ts";

export type NativeQueue = {
  /** BullMQ's own object. */
  readonly queue: Queue;
  /** What Redis says of its memory; `undefined` where the queue is in the database. */
  readMemoryInfo(): Promise<string | undefined>;
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
    async close(deadlineMs) {
      await within(deadlineMs, native.queue.close()).catch(onError);
      await within(deadlineMs, native.disconnect()).catch(onError);
    },
  };
}

type Opened = Pick<NativeQueue, "queue" | "readMemoryInfo"> & { readonly disconnect: () => Promise<void> };

function openOnPostgres(name: string, url: string, onError: (error: Error) => void): Opened {
  const pool = connectPostgres(url, 4, onError);
  const queue: unknown = new Queue(name, { connection: pool }, createPostgresBackend);
  // BullMQ's types name the backend in the class; what is used of it, here and by Bull Board, is the same.
  return { queue: queue as Queue, readMemoryInfo: async () => undefined, disconnect: () => pool.end() };
}

function openOnRedis(name: string, engine: RedisEngine, onError: (error: Error) => void): Opened {
  const redis = connectRedis(engine, "producer", onError);
  const queue = new Queue(name, { connection: redis, prefix: REDIS_PREFIX });
  return {
    queue,
    readMemoryInfo: () => redis.info("memory"),
    async disconnect() {
      redis.disconnect();
    },
  };
}
