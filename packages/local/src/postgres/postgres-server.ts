import { execFile } from "node:child_process";
import { appendFile, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { connectClient, createClient } from "@bulk/postgres/connect";
import type pg from "pg";
import { findFreePort } from "../stack/free-port.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { type PostgresCluster, saveClusterSettings } from "./postgres-cluster.ts";
import { readIfThere } from "./read-if-there.ts";

export type ReachedServer = {
  /** A connection to the database `postgres`. Losing it causes no error. */
  readonly client: pg.Client;
  readonly port: number;
  readonly isStartedHere: boolean;
};

/**
 * Connects to the server of the cluster, and starts it if it does not run. Waits while it is starting, recovering or
 * stopping. Call it under the lock. Throws `EmbeddedPostgresError`.
 */
export async function reachPostgresServer(
  cluster: PostgresCluster,
  applicationName: string,
): Promise<ReachedServer> {
  const deadline = performance.now() + 60_000;
  let isStartedHere = false;
  for (;;) {
    try {
      const runningPort = await findServerPort(cluster);
      const port = runningPort ?? (await startServer(cluster));
      isStartedHere ||= runningPort === undefined;
      return { client: await connect(cluster, port, applicationName), port, isStartedHere };
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) {
        const failure =
          error instanceof EmbeddedPostgresError ? error : await explain("cannot be used", error, cluster);
        if (isStartedHere) await stopPostgresServer(cluster);
        throw failure;
      }
      await wait(100);
    }
  }
}

/** Connects to the server if it runs and accepts connections. */
export async function findPostgresServer(cluster: PostgresCluster): Promise<pg.Client | undefined> {
  const port = await findServerPort(cluster);
  try {
    return port === undefined ? undefined : await connect(cluster, port, "bulk-actions visitor");
  } catch (error) {
    if (isPassing(error)) return undefined;
    throw error;
  }
}

/** Stops the server if it runs. Open transactions are rolled back. Everything is on disk when this resolves. */
export async function stopPostgresServer(cluster: PostgresCluster): Promise<void> {
  if ((await findServerPort(cluster)) === undefined) return;
  try {
    const parameters = ["--mode=fast", "--wait", "--timeout=60", `--pgdata=${cluster.directory}`];
    await cluster.binaries.run("pg_ctl", ["stop", ...parameters]);
  } catch (error) {
    // pg_ctl fails if the server has ended by itself.
    if ((await findServerPort(cluster)) !== undefined) throw error;
  }
}

/** Returns the port of the running server of this cluster. */
async function findServerPort(cluster: PostgresCluster): Promise<number | undefined> {
  // https://www.postgresql.org/docs/18/storage-file-layout.html: process id, directory, start time, port, …
  const [processId = "", , , port = ""] = (await readIfThere(pidFile(cluster)))?.split("\n") ?? [];
  // After a crash, or in a restarted container, another process may have this id.
  const command = /^\d+$/.test(processId) ? await findCommand(processId) : "";
  return command.includes(`/postgres -D ${cluster.directory} `) ? Number(port) : undefined;
}

async function findCommand(processId: string): Promise<string> {
  if (process.platform === "linux") {
    return (await readIfThere(`/proc/${processId}/cmdline`))?.replaceAll("\0", " ") ?? "";
  }
  try {
    return (await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", processId])).stdout;
  } catch (error) {
    // ps exits with this code if there is no such process.
    if (error instanceof Error && "code" in error && error.code === 1) return "";
    throw error;
  }
}

async function startServer(cluster: PostgresCluster): Promise<number> {
  const { binaries, dataDir, directory, log, settings } = cluster;
  const port = await findFreePort(settings.port);
  await rm(pidFile(cluster), { force: true });
  await appendFile(log, "", { mode: 0o600 });
  await binaries.handOver(log);
  await binaries.handOver(directory);
  const { size } = await stat(log);
  const options = [`port=${port}`, ...serverOptions].map((option) => `-c ${option}`).join(" ");
  try {
    const parameters = ["--wait", "--timeout=120", `--log=${log}`, `--options=${options}`];
    await binaries.run("pg_ctl", ["start", `--pgdata=${directory}`, ...parameters]);
  } catch (error) {
    throw await explain("did not start", error, cluster, size);
  }
  if (port !== settings.port) await saveClusterSettings(dataDir, { ...settings, port });
  return port;
}

const serverOptions = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=100",
  "shared_buffers=128MB",
  "max_wal_size=2GB",
];

async function connect(cluster: PostgresCluster, port: number, applicationName: string): Promise<pg.Client> {
  const url = `postgres://postgres:${cluster.settings.password}@127.0.0.1:${port}/postgres?sslmode=disable`;
  const options = { url, applicationName };
  const client = createClient(options);
  // The server may stop at any time. Callers notice it on their own connections.
  client.on("error", () => undefined);
  await connectClient(client, options);
  return client;
}

async function explain(
  what: "did not start" | "cannot be used",
  cause: unknown,
  { dataDir, log }: PostgresCluster,
  logStart = 0,
): Promise<EmbeddedPostgresError> {
  const lines = (await readFile(log)).subarray(logStart).toString().trim().split("\n");
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL in ${dataDir} ${what}: ${String(cause)}\nSet another DATA_DIR or DATABASE_URL if that cannot be mended. ${log} ends with:\n${lines.slice(-15).join("\n")}`,
    { cause },
  );
}

/** Temporary failures: a server that starts or stops, remains of a crashed one, a port that was just taken. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  if (["57P01", "57P02", "57P03", "ECONNREFUSED", "ECONNRESET"].includes(code)) return true;
  return /Connection terminated|Address already in use|lock file .* already exists|pre-existing shared memory/.test(
    error.message,
  );
}

function pidFile({ directory }: PostgresCluster): string {
  return join(directory, "postmaster.pid");
}
