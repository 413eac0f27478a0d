import { migrateQueue } from "@bulk/queue/migrate-queue";
import { migrate } from "@bulk/store/migration/migrate";
import type { LocalConfig } from "./config.ts";
import { joinEmbeddedPostgres, ownEmbeddedPostgres } from "./embedded-postgres.ts";

/** Where the database and the queue are. */
export type Engines = {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
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
export async function migrateEngines({ databaseUrl, redisUrl }: Engines): Promise<readonly string[]> {
  const applied = await migrate(databaseUrl);
  if (redisUrl === undefined) await migrateQueue(databaseUrl);
  return applied;
}

async function openEngines(
  { DATABASE_URL, REDIS_URL, DATA_DIR }: LocalConfig,
  openEmbedded: typeof joinEmbeddedPostgres,
): Promise<Engines> {
  if (DATABASE_URL !== undefined) {
    return { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL, async close() {} };
  }
  const { url, close } = await openEmbedded(DATA_DIR);
  return { databaseUrl: url, redisUrl: REDIS_URL, close };
}
