import { engineConfig } from "@bulk/service/engine-config";
import { flag, keyOf, wholeNumber } from "@bulk/service/read-config";
import type { z } from "zod";

/** Everything a worker can be told. */
export const workerConfig = engineConfig.extend({
  /** The worker's own port for health and metrics. */
  WORKER_OPS_PORT: wholeNumber(0, 65_535).default(3002),
  /** How many turns the process takes at once; each needs a database connection. */
  WORKER_CONCURRENCY: wholeNumber(1, 100).default(4),
  /** How many lanes one bulk action may have at once. */
  WINDOW: wholeNumber(1, 64).default(4),
  /** How long a turn goes on before it lets the others have theirs. */
  TURN_MS: wholeNumber(1, 5_000).default(100),
  /** How long the sweeper rests between two looks. */
  SWEEP_INTERVAL_MS: wholeNumber(100, 3_600_000).default(2_000),
  /** No chunk waits longer for a row that somebody else holds. */
  LOCK_TIMEOUT_MS: wholeNumber(50, 60_000).default(2_000),
  /** No statement runs longer. */
  STATEMENT_TIMEOUT_MS: wholeNumber(100, 300_000).default(15_000),
  /** How far a replica may be behind before no chunk is begun; unset: however far. */
  MAX_REPLICA_LAG_SECONDS: wholeNumber(1, 86_400).optional(),
  /** How long the running chunks may take to end after SIGTERM. */
  SHUTDOWN_MS: wholeNumber(100, 300_000).default(20_000),
  /** How long there may be work, and this worker take none of it, before it calls itself stalled. */
  WORK_STALL_SECONDS: wholeNumber(1, 3_600).default(60),
  /** Encrypts the signing secrets of webhook endpoints; unset: there are no webhooks. */
  WEBHOOK_SECRET_KEY: keyOf(32).optional(),
  /** For development: webhooks may go to this machine, and over plain HTTP. */
  WEBHOOK_ALLOW_LOOPBACK: flag().default(false),
  /** How many webhook endpoints the process sends to at once. */
  WEBHOOK_CONCURRENCY: wholeNumber(1, 200).default(16),
  /** How long a webhook's receiver may take, from the look-up of its name to the end of its answer. */
  WEBHOOK_TIMEOUT_MS: wholeNumber(100, 60_000).default(10_000),
});

export type WorkerConfig = z.infer<typeof workerConfig>;
