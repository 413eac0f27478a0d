import { openPool } from "@bulk/postgres/connect";
import { isPgPool, type PgPool } from "bullmq";
import { Cluster, Redis, type RedisOptions } from "ioredis";

/** Where turns are kept: on Redis where there is one, otherwise in BullMQ's own tables in the database. */
export type QueueEngine = {
  readonly databaseUrl: string;
  readonly redis: RedisEngine | undefined;
};

/** Redis or Valkey, in one of the ways it is run. Everything is a URL. */
export type RedisEngine =
  | { readonly kind: "server"; readonly url: string }
  /** The URL has the primary's name in place of a host; user, password, TLS and database are the primary's. */
  | { readonly kind: "sentinel"; readonly url: string; readonly sentinels: readonly string[] }
  /** Some of the nodes. User, password and TLS of the first are those of all. */
  | { readonly kind: "cluster"; readonly nodes: readonly string[] };

/** Who connects: a worker waits for Redis to come back, the others fail fast. */
export type ConnectionRole = "producer" | "limiter" | "worker";

/** How long a command may take; the limiter's is paid by every request while Redis hangs. */
const DEADLINE_MS = { producer: 5_000, limiter: 100 } as const;

/** The names of the queues, in both engines. */
export const TURN_QUEUE = "bulk-actions";
export const WEBHOOK_QUEUE = "webhooks";

/** Where BullMQ keeps its tables in the database. */
export const QUEUE_SCHEMA = "bullmq";

// The braces keep all keys of the queues in one slot of a Redis Cluster.
export const REDIS_PREFIX = "{bulk}";

/** A connection to Redis that survives restarts and failovers. `onError` hears of every fault. */
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
    clusterRetryStrategy: restMs,
    // Nodes keep the names they are told by, which is what their certificates are for.
    dnsLookup: (name, callback) => callback(null, name),
  });
}

function optionsOfServer(role: ConnectionRole) {
  return {
    ...optionsOfConnection(role),
    enableOfflineQueue: queuesOffline(role),
    retryStrategy: restMs,
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
    // Otherwise the URL's TLS would be left out.
    enableTLSForSentinelMode: true,
    sentinelRetryStrategy: restMs,
    sentinelReconnectStrategy: restMs,
    // A primary that hangs closes no connection; its Sentinels say that there is another.
    failoverDetector: true,
  } satisfies RedisOptions;
}

function optionsOfConnection(role: ConnectionRole) {
  return {
    // BullMQ's workers demand null; the others must not sit on a request for ever.
    maxRetriesPerRequest: role === "worker" ? null : 1,
    ...(role === "worker" ? {} : { commandTimeout: DEADLINE_MS[role] }),
    connectionName: `bulk-actions-${role}`,
    // A former primary answers READONLY after a failover: connect again and send the command once more.
    reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? 2 : false),
  } satisfies RedisOptions;
}

function queuesOffline(role: ConnectionRole): boolean {
  return role === "worker";
}

function restMs(attempt: number): number {
  return Math.min(attempt * 100, 2_000);
}

function address(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  // An IPv6 address has brackets in a URL only.
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

/** A pool for BullMQ's PostgreSQL backend, which keeps its tables in the schema `bullmq`. */
export function connectPostgres(url: string, poolSize: number, onError: (error: Error) => void): PgPool {
  const pool = openPool({
    ...{ url, size: poolSize, applicationName: "bulk-actions-queue", onlySchema: QUEUE_SCHEMA },
    // BullMQ's own calls take milliseconds.
    timeouts: { lockMs: 13_000, statementMs: 13_000 },
    // For a connection that went silent.
    queryTimeoutMs: 15_000,
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
