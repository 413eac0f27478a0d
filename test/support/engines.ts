import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownEmbeddedPostgres } from "@bulk/local/postgres/embedded-postgres";
import { openPostgresCluster, type PostgresCluster } from "@bulk/local/postgres/postgres-cluster";
import { createSampleShop } from "@bulk/local/sample-shop/create-sample-shop";
import { migrate } from "@bulk/migration/migrate";
import { migrateQueue } from "@bulk/queue/engines/migrate-queue";
import pg from "pg";
import { findRedisServer, type RedisServer, startRedisServer } from "./redis-server.ts";

/** Real engines of a run's own, on free ports, in a temporary directory. */
export type Engines = AsyncDisposable & {
  /** As superuser, past every proxy. */
  readonly databaseUrl: string;
  readonly redis: RedisServer | undefined;
  /** Ends PostgreSQL without a shutdown and starts it again on the same port; it recovers from its log. */
  restartPostgres(): Promise<void>;
};

/**
 * Starts both, or PostgreSQL alone when the queue is to live there.
 *
 * @param settings of PostgreSQL, as `name = value`; those that need no restart
 */
export async function startEngines(
  queue: "postgres" | "redis",
  settings: readonly string[],
): Promise<Engines> {
  const redis = queue === "redis" ? await startRedis() : undefined;
  try {
    const postgres = await startPostgres(settings);
    return {
      ...postgres,
      redis,
      async [Symbol.asyncDispose]() {
        await redis?.dispose();
        await postgres[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await redis?.dispose();
    throw error;
  }
}

async function startPostgres(settings: readonly string[]): Promise<Omit<Engines, "redis">> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "bulk-actions-engines-")));
  const postgres = await ownEmbeddedPostgres(directory);
  async function stop(): Promise<void> {
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  }
  try {
    const cluster = await openPostgresCluster(directory, ["namespace", "user"]);
    await migrate(postgres.url);
    await createSampleShop(postgres.url);
    await migrateQueue(postgres.url);
    await change(postgres.url, settings);
    return {
      databaseUrl: postgres.url,
      restartPostgres: () => restartAtOnce(cluster),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function restartAtOnce({ binaries, directory, log }: PostgresCluster): Promise<void> {
  const parameters = ["--mode=immediate", "--wait", "--timeout=60", `--pgdata=${directory}`, `--log=${log}`];
  await binaries.run("pg_ctl", ["restart", ...parameters]);
}

async function change(url: string, settings: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const setting of settings) await client.query(`ALTER SYSTEM SET ${setting}`);
    await client.query("SELECT pg_reload_conf()");
  } finally {
    await client.end();
  }
}

async function startRedis(): Promise<RedisServer> {
  const program = await findRedisServer();
  if (program === undefined) throw new Error("Neither redis-server nor valkey-server is on the PATH.");
  return await startRedisServer(program, ["--enable-debug-command", "local"]);
}
