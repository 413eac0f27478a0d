import { mkdir, realpath } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { withDataDirLock } from "./data-dir-lock.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import type { WayAsRoot } from "./postgres-binaries.ts";
import { openPostgresCluster, type PostgresCluster } from "./postgres-cluster.ts";
import {
  findPostgresServer,
  type ReachedServer,
  reachPostgresServer,
  stopPostgresServer,
} from "./postgres-server.ts";

/** A running embedded PostgreSQL server. */
export type EmbeddedPostgres = {
  /** URL of the database `bulk_actions`, as superuser; loopback only. */
  readonly url: string;
  /** Releases the server. Whether it also stops depends on the function that opened it. */
  readonly close: () => Promise<void>;
};

/**
 * Opens the server in `dataDir` for a long-running process, which then owns it. Creates and starts it if needed, or
 * takes it over from an owner that died. `close` stops it, unless another process owns it by then. Throws
 * `EmbeddedPostgresError`, also when a running process owns it.
 *
 * Ownership is a lock in the server, held by a connection, so it ends when the owner crashes.
 */
export async function ownEmbeddedPostgres(
  dataDir: string,
  waysAsRoot: readonly WayAsRoot[] = bothWays,
): Promise<EmbeddedPostgres> {
  return openServer(dataDir, waysAsRoot, async (cluster, { client }) => {
    await takeOwnership(client, dataDir);
    return async () => {
      await client.end();
      await stopUnlessOwned(cluster);
    };
  });
}

/**
 * Opens the server in `dataDir` for a short command, with or without an owner. `close` stops it only if this call
 * started it and no process owns it. Throws `EmbeddedPostgresError`.
 */
export async function joinEmbeddedPostgres(
  dataDir: string,
  waysAsRoot: readonly WayAsRoot[] = bothWays,
): Promise<EmbeddedPostgres> {
  return openServer(dataDir, waysAsRoot, async (cluster, { client, isStartedHere }) => {
    await client.end();
    return async () => {
      if (isStartedHere) await stopUnlessOwned(cluster);
    };
  });
}

const bothWays: readonly WayAsRoot[] = ["namespace", "user"];

/** Returns the server with the `close` that `settle` creates. */
async function openServer(
  dataDir: string,
  waysAsRoot: readonly WayAsRoot[],
  settle: (cluster: PostgresCluster, server: ReachedServer) => Promise<() => Promise<void>>,
): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true });
  // The server is recognised by this path, so each directory must have one.
  const home = await realpath(dataDir);
  return withDataDirLock(home, async () => {
    const cluster = await openPostgresCluster(home, waysAsRoot);
    const server = await reachPostgresServer(cluster, `${applicationPrefix}${process.pid}`);
    try {
      await createDatabase(server.client);
      const url = `postgres://postgres:${cluster.settings.password}@127.0.0.1:${server.port}/${databaseName}`;
      return { url, close: await settle(cluster, server) };
    } catch (error) {
      await server.client.end();
      if (server.isStartedHere) await stopPostgresServer(cluster);
      throw error;
    }
  });
}

const databaseName = "bulk_actions";
const applicationPrefix = "bulk-actions process ";

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [databaseName]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
}

const ownerLock = 1;

async function takeOwnership(client: pg.Client, dataDir: string): Promise<void> {
  // The server notices the end of an owner some milliseconds later.
  for (let attempt = 0; attempt < 20; attempt++) {
    const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [
      ownerLock,
    ]);
    if (rows[0]?.taken) return;
    await wait(50);
  }
  const owner = (await findOwner(client))?.slice(applicationPrefix.length);
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL in ${dataDir} is already running (process ${owner}). Stop that process or set another DATA_DIR.`,
  );
}

async function findOwner(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND objid = $1 AND pg_locks.database = datid`,
    [ownerLock],
  );
  return rows[0]?.application_name;
}

async function stopUnlessOwned(cluster: PostgresCluster): Promise<void> {
  await withDataDirLock(cluster.dataDir, async () => {
    const client = await findPostgresServer(cluster);
    const owner = client && (await findOwner(client));
    await client?.end();
    if (owner === undefined) await stopPostgresServer(cluster);
  });
}
