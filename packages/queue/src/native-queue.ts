import { createPostgresBackend, Queue } from "bullmq";
import { connectPostgres, connectRedis, type QueueEngine, REDIS_PREFIX } from "./connection.ts";

/** BullMQ's own object, and what ends its connections. */
export type NativeQueue = { readonly queue: Queue; readonly disconnect: () => Promise<void> };

/** Opens the producer's side of a queue on whichever engine is configured; answers at once, connected or not. */
export function openNativeQueue(
  name: string,
  engine: QueueEngine,
  onError: (error: Error) => void,
): NativeQueue {
  const native =
    engine.redisUrl === undefined
      ? openOnPostgres(name, engine.databaseUrl, onError)
      : openOnRedis(name, engine.redisUrl, onError);
  native.queue.on("error", onError);
  return native;
}

function openOnPostgres(name: string, url: string, onError: (error: Error) => void): NativeQueue {
  const pool = connectPostgres(url, 4, onError);
  const queue: unknown = new Queue(name, { connection: pool }, createPostgresBackend);
  // BullMQ's types name the backend in the class; what is used of it, here and by Bull Board, is the same.
  return { queue: queue as Queue, disconnect: () => pool.end() };
}

function openOnRedis(name: string, url: string, onError: (error: Error) => void): NativeQueue {
  const redis = connectRedis(url, "producer", onError);
  const queue = new Queue(name, { connection: redis, prefix: REDIS_PREFIX });
  return {
    queue,
    async disconnect() {
      redis.disconnect();
    },
  };
}
