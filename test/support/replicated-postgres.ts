import { appendFile, cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, ownEmbeddedPostgres } from "@bulk/local/postgres/embedded-postgres";
import { createSampleShop } from "@bulk/local/sample-shop/create-sample-shop";
import { migrate } from "@bulk/migration/migrate";
import { migrateQueue } from "@bulk/queue/engines/migrate-queue";
import pg from "pg";

/** A server with tables, and how it comes by a replica. */
export type ReplicatedPostgres = AsyncDisposable & {
  readonly url: string;
  /** Starts a streaming replica; answers where it listens. */
  startReplica(): Promise<string>;
};

/** The embedded package has no pg_basebackup: the replica begins with a copy of the files of the stopped server. */
export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "bulk-actions-replica-")));
  const [primaryDirectory, replicaDirectory] = [join(directory, "primary"), join(directory, "replica")];
  const first = await ownEmbeddedPostgres(primaryDirectory);
  await migrate(first.url);
  await createSampleShop(first.url);
  await migrateQueue(first.url);
  await first.close();
  await cp(primaryDirectory, replicaDirectory, { recursive: true, preserveTimestamps: true });
  const servers: EmbeddedPostgres[] = [await ownEmbeddedPostgres(primaryDirectory)];
  const url = String(servers[0]?.url);
  return {
    url,
    async startReplica() {
      await followPrimary(join(replicaDirectory, "postgres"), url);
      const replica = await ownEmbeddedPostgres(replicaDirectory);
      servers.unshift(replica);
      return replica.url;
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

// https://www.postgresql.org/docs/18/warm-standby.html#STANDBY-SERVER-SETUP
async function followPrimary(cluster: string, url: string): Promise<void> {
  await writeFile(join(cluster, "standby.signal"), "");
  await appendFile(join(cluster, "postgresql.auto.conf"), `primary_conninfo = '${url}'\n`);
}

/** One statement on a connection of its own. */
export async function queryOnce<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
