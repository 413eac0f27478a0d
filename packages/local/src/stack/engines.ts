import { migrate } from "@bulk/migration/migrate";
import type { QueueEngine } from "@bulk/queue/engines/connection";
import { queueEngine } from "@bulk/queue/engines/engine";
import { migrateQueue } from "@bulk/queue/engines/migrate-queue";
import { redisEnvironment } from "@bulk/service/config/redis-config";
import type { LocalConfig } from "../config.ts";
import { joinEmbeddedPostgres, ownEmbeddedPostgres } from "../postgres/embedded-postgres.ts";

/** Where the database and the queue are. */
export type Engines = {
  readonly databaseUrl: string;
  readonly queue: QueueEngine;
  /** The variables that connect a process to these engines and to no others. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops only what this process started. */
  readonly close: () => Promise<void>;
};

/** Opens the engines of a long-running process: the configured ones, or the embedded server as its owner. */
export function ownEngines(config: LocalConfig): Promise<Engines> {
  return openEngines(config, ownEmbeddedPostgres);
}

/** Opens the engines of a short command, also while `pnpm start` runs on the same DATA_DIR. */
export function joinEngines(config: LocalConfig): Promise<Engines> {
  return openEngines(config, joinEmbeddedPostgres);
}

/**
 * Migrates the tables of the service and, if the queue is in the database, of the queue. Returns what was applied.
 *
 * @param onCarriedOver called with the former schema when the tables of an earlier version were moved
 */
export async function migrateEngines(
  { databaseUrl, queue }: Pick<Engines, "databaseUrl" | "queue">,
  onCarriedOver: (from: string) => void = () => {},
): Promise<readonly string[]> {
  const applied = await migrate(databaseUrl, { onCarriedOver });
  if (queue.redis === undefined) await migrateQueue(databaseUrl);
  return applied;
}

async function openEngines(config: LocalConfig, openEmbedded: typeof joinEmbeddedPostgres): Promise<Engines> {
  const { DATABASE_URL, DATA_DIR } = config;
  const { url, close } =
    DATABASE_URL === undefined ? await openEmbedded(DATA_DIR) : { url: DATABASE_URL, async close() {} };
  return {
    databaseUrl: url,
    queue: queueEngine({ ...config, DATABASE_URL: url }),
    environment: { DATABASE_URL: url, ...redisEnvironment(config) },
    close,
  };
}
