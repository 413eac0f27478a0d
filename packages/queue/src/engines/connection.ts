import { openPool } from "@bulk/postgres/connect";
import { isPgPool, type PgPool } from "bullmq";
import { Cluster, Redis, type RedisOptions } from "ioredis";

/** Where the queues are: on Redis if there is one, otherwise in BullMQ's own tables in the database. */
export type QueueEngine = {
  readonly databaseUrl: string;
  readonly redis: RedisEngine | undefined;
};

/** Redis or Valkey, by kind of deployment. All strings are URLs. */
export type RedisEngine =
  | { readonly kind: "server"; readonly url: string }
  /** The URL has the primary's name as its host; user, password, TLS and database are those of the primary. */
  | { readonly kind: "sentinel"; readonly url: string; readonly sentinels: readonly string[] }
  /** Some of the nodes. User, password and TLS of the first one apply to all. */
  | { readonly kind: "cluster"; readonly nodes: readonly string[] };

/** Who connects. A worker waits until Redis is back; the others fail fast. */
export type ConnectionRole = "producer" | "limiter" | "worker";

/** How long a command may take. While Redis hangs, every request waits as long as the limiter's. */
const DEADLINE_MS = { producer: 5_000, limiter: 100 } as const;

/** The names of the queues, in both engines. */
export const TURN_QUEUE = "bulk-actions";
export const WEBHOOK_QUEUE = "webhooks";

/** The schema of BullMQ's tables in the database. */
export const QUEUE_SCHEMA = "bullmq";

// The braces keep all keys of the queues in one slot of a Redis Cluster.
export const REDIS_PREFIX = "{bulk}";

/** Opens a connection to Redis that survives restarts and failovers. Calls `onError` with every error. */
export function connectRedis(
  engine: RedisEngine,
  role: ConnectionRole,
  onError: (error: Error) => void,
): Redis | Cluster {
  const redis = open(engine, role);
  redis.on("error", onError);
  return redis;
}

function open(engine: RedisEngine, role: ConnectionRole): Redis | Cluster {
  switch (engine.kind) {
    case "server":
      return new Redis(engine.url, optionsOfServer(role));
    case "sentinel":
      return new Redis(engine.url, { ...optionsOfServer(role), ...optionsOfSentinels(engine) });
    case "cluster":
      return openCluster(engine.nodes, role);
  }
}

function openCluster(nodes: readonly string[], role: ConnectionRole): Cluster {
  const { username, password, tls } = access(nodes[0]);
  return new Cluster(nodes.map(address), {
    redisOptions: { ...optionsOfConnection(role), username, password, ...(tls && { tls }) },
    enableOfflineQueue: queuesOffline(role),
    clusterRetryStrategy: retryDelayMs,
    // Keeps the names of the nodes, because their certificates are for these names.
    dnsLookup: (name, callback) => callback(null, name),
  });
}

function optionsOfServer(role: ConnectionRole) {
  return {
    ...optionsOfConnection(role),
    enableOfflineQueue: queuesOffline(role),
    retryStrategy: retryDelayMs,
  } satisfies RedisOptions;
}

function optionsOfSentinels({ url, sentinels }: RedisEngine & { readonly kind: "sentinel" }) {
  const { username, password, tls } = access(sentinels[0]);
  return {
    name: new URL(url).hostname,
    sentinels: sentinels.map(address),
    sentinelUsername: username,
    sentinelPassword: password,
    ...(tls && { sentinelTLS: tls }),
    // Without this, ioredis ignores the TLS of the URL.
    enableTLSForSentinelMode: true,
    sentinelRetryStrategy: retryDelayMs,
    sentinelReconnectStrategy: retryDelayMs,
    // A primary that hangs closes no connection; only its Sentinels report the new primary.
    failoverDetector: true,
  } satisfies RedisOptions;
}

function optionsOfConnection(role: ConnectionRole) {
  return {
    // BullMQ requires null for workers; the others must not keep a request waiting for ever.
    maxRetriesPerRequest: role === "worker" ? null : 1,
    ...(role === "worker" ? {} : { commandTimeout: DEADLINE_MS[role] }),
    connectionName: `bulk-actions-${role}`,
    // After a failover a former primary responds READONLY: 2 means connect again and resend the command.
    reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? 2 : false),
  } satisfies RedisOptions;
}

function queuesOffline(role: ConnectionRole): boolean {
  return role === "worker";
}

function retryDelayMs(attempt: number): number {
  return Math.min(attempt * 100, 2_000);
}

function address(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  // A URL writes an IPv6 address in brackets; a host option does not.
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function access(url = "redis://") {
  const { protocol, username, password } = new URL(url);
  return {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    tls: protocol === "rediss:" ? {} : undefined,
  };
}

/** Opens a pool for BullMQ's PostgreSQL backend, which keeps its tables in the schema `bullmq`. */
export function connectPostgres(url: string, poolSize: number, onError: (error: Error) => void): PgPool {
  const pool = openPool({
    url,
    size: poolSize,
    applicationName: "bulk-actions-queue",
    onlySchema: QUEUE_SCHEMA,
    // BullMQ's own calls take milliseconds.
    timeouts: { lockMs: 13_000, statementMs: 13_000 },
    // Ends queries on a connection that went silent.
    queryTimeoutMs: 15_000,
  });
  pool.on("error", onError);
  // Without this listener, losing a connection that BullMQ has checked out ends the process.
  pool.on("connect", (client) => client.on("error", onError));
  return asBullmqPool(pool);
}

// The types of node-postgres differ from those that BullMQ declares for it, so BullMQ's own check decides.
function asBullmqPool(pool: unknown): PgPool {
  if (!isPgPool(pool)) throw new Error("This version of pg has no pool that BullMQ can use.");
  return pool;
}
