import type { QueueEngine } from "@bulk/queue/connection";
import { queueEngine } from "@bulk/queue/engine";
import { migrateQueue } from "@bulk/queue/migrate-queue";
import { redisEnvironment } from "@bulk/service/redis-config";
import { migrate } from "@bulk/store/migration/migrate";
import type { LocalConfig } from "./config.ts";
import { joinEmbeddedPostgres, ownEmbeddedPostgres } from "./embedded-postgres.ts";

/** Where the database and the queue are. */
export type Engines = {
  readonly databaseUrl: string;
  readonly queue: QueueEngine;
  /** The variables that lead a process there; they leave no other engine set. */
  readonly environment: Readonly<Record<string, string>>;
  /** Leaves them as they were found: stops only what this process started. */
  readonly close: () => Promise<void>;
};

/** The engines for a process that stays: the ones configured, or the embedded server, as its owner. */
export function ownEngines(config: LocalConfig): Promise<Engines> {
  return openEngines(config, ownEmbeddedPostgres);
}

/** The engines for a short command, also beside a running `pnpm start` of the same DATA_DIR. */
export function joinEngines(config: LocalConfig): Promise<Engines> {
  return openEngines(config, joinEmbeddedPostgres);
}

/** Brings the tables of the service, and of the queue if it lives in the database, up to date. */
export async function migrateEngines({ databaseUrl, queue }: Engines): Promise<readonly string[]> {
  const applied = await migrate(databaseUrl);
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
