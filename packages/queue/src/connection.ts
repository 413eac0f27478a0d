import { isPgPool, type PgPool } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";

/** Where turns are kept: Redis when a URL is given, otherwise BullMQ's own tables in the database. */
export type QueueEngine = {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
};

/** Who connects: a worker waits for Redis to come back, the others fail fast. */
export type ConnectionRole = "producer" | "limiter" | "worker";

/** How long a command may take; the limiter's is paid by every request while Redis hangs. */
const DEADLINE_MS = { producer: 5_000, limiter: 100 } as const;

/** The names of the queues, in both engines. */
export const TURN_QUEUE = "bulk-actions";
export const WEBHOOK_QUEUE = "webhooks";

// The braces keep all keys of the queues in one slot of a Redis Cluster.
export const REDIS_PREFIX = "{bulk}";

/** A Redis connection that survives restarts and failovers. `onError` hears of every fault. */
export function connectRedis(url: string, role: ConnectionRole, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    // BullMQ's workers demand null; the others must not sit on a request for ever.
    maxRetriesPerRequest: role === "worker" ? null : 1,
    enableOfflineQueue: role === "worker",
    ...(role === "worker" ? {} : { commandTimeout: DEADLINE_MS[role] }),
    connectionName: `bulk-actions-${role}`,
    // A former primary answers READONLY after a failover: connect again and send the command once more.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  redis.on("error", onError);
  return redis;
}

/** A pool for BullMQ's PostgreSQL backend, which keeps its tables in the schema `bullmq`. */
export function connectPostgres(url: string, poolSize: number, onError: (error: Error) => void): PgPool {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: "bulk-actions-queue",
    options: "-c search_path=bullmq",
    connectionTimeoutMillis: 5_000,
    // For a connection that went silent; BullMQ's own calls take milliseconds.
    query_timeout: 15_000,
    keepAlive: true,
  });
  pool.on("error", onError);
  // A connection that is lost while BullMQ has it checked out would otherwise end the process.
  pool.on("connect", (client) => client.on("error", onError));
  return asBullmqPool(pool);
}

// node-postgres' declared types and BullMQ's picture of them differ; BullMQ's own check decides.
function asBullmqPool(pool: unknown): PgPool {
  if (!isPgPool(pool)) throw new Error("This version of pg has no pool that BullMQ can use.");
  return pool;
}
