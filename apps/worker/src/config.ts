import {
  PRODUCER_POOL_SIZE,
  turnWorkerPoolSize,
  WEBHOOK_WORKER_POOL_SIZE,
} from "@bulk/queue/engines/pool-sizes";
import { engineConfig } from "@bulk/service/config/engine-config";
import { decimal, flag, keyOf, wholeNumber } from "@bulk/service/config/read-config";
import { z } from "zod";

/** The configuration of a worker. */
export const workerConfig = engineConfig.extend({
  /** The worker's own port for health and metrics. */
  WORKER_OPS_PORT: wholeNumber(0, 65_535).default(3002),
  /** How many turns the process runs at once, beside a first turn; each needs a database connection. */
  WORKER_CONCURRENCY: wholeNumber(1, 100).default(4),
  /** How many lanes one bulk action may have at once. */
  WINDOW: wholeNumber(1, 64).default(4),
  /** How long a turn runs before it lets other turns run, if any wait. */
  TURN_MS: wholeNumber(1, 5_000).default(100),
  /** How long the sweeper waits between two sweeps. */
  SWEEP_INTERVAL_MS: wholeNumber(100, 3_600_000).default(2_000),
  /** How long a statement may wait for a lock. */
  LOCK_TIMEOUT_MS: wholeNumber(50, 60_000).default(2_000),
  /** How long a statement may run. */
  STATEMENT_TIMEOUT_MS: wholeNumber(100, 300_000).default(15_000),
  /** How far a replica may be behind before workers stop beginning chunks. Unset: no limit. */
  MAX_REPLICA_LAG_SECONDS: wholeNumber(1, 86_400).optional(),
  /** Whether chunks are slowed down while others use the database. */
  PROTECT: z.enum(["on", "off"], "must be on or off").default("on"),
  /** How many times its idle latency a small transaction of others may take. */
  PROTECT_MAX_SLOWDOWN: decimal(1.05, 10).default(1.25),
  /** How long running chunks may take to end after SIGTERM. */
  SHUTDOWN_MS: wholeNumber(100, 300_000).default(20_000),
  /** How long a worker may take no turn, while there is work, before it reports itself as stalled. */
  WORK_STALL_SECONDS: wholeNumber(1, 3_600).default(60),
  /** Encrypts the signing secrets of webhook endpoints. Unset: webhooks are off. */
  WEBHOOK_SECRET_KEY: keyOf(32).optional(),
  /** For development: allows webhooks to this machine, over plain HTTP. */
  WEBHOOK_ALLOW_LOOPBACK: flag().default(false),
  /** How many webhook endpoints the process sends to at once. */
  WEBHOOK_CONCURRENCY: wholeNumber(1, 200).default(16),
  /** How long a webhook request may take, from the DNS lookup to the end of the response. */
  WEBHOOK_TIMEOUT_MS: wholeNumber(100, 60_000).default(10_000),
});

export type WorkerConfig = z.infer<typeof workerConfig>;

/** How many turns a worker takes from the queue at once: one more than it has places for, so that a first turn never waits. */
export function countTurns({ WORKER_CONCURRENCY }: Pick<WorkerConfig, "WORKER_CONCURRENCY">): number {
  return WORKER_CONCURRENCY + 1;
}

/**
 * The size of a worker's pool for its own statements: one connection for each turn, one for the sweeper, the pruner and
 * the beats, whose statements are short, one for health, and two for webhooks, which wait for receivers, hardly ever for the database.
 */
export function workerPoolSize(config: WorkerConfig): number {
  return countTurns(config) + (config.WEBHOOK_SECRET_KEY === undefined ? 2 : 4);
}

/** The most connections to PostgreSQL that a worker with this configuration opens. */
export function countWorkerConnections(config: WorkerConfig, isQueueInDatabase: boolean): number {
  return workerPoolSize(config) + (isQueueInDatabase ? countQueueConnections(config) : 0);
}

function countQueueConnections(config: WorkerConfig): number {
  const turns = PRODUCER_POOL_SIZE + turnWorkerPoolSize(countTurns(config));
  const webhooks = PRODUCER_POOL_SIZE + WEBHOOK_WORKER_POOL_SIZE;
  return turns + (config.WEBHOOK_SECRET_KEY === undefined ? 0 : webhooks);
}
