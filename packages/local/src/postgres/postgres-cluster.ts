import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "@bulk/service/process/write-private-file";
import { z } from "zod";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { findPostgresBinaries, type PostgresBinaries, type WayAsRoot } from "./postgres-binaries.ts";
import { readIfThere } from "./read-if-there.ts";

const clusterSettings = z.object({
  /** The last port of the server; 0: it never ran. */
  port: z.number().int(),
  password: z.string(),
});

export type ClusterSettings = z.infer<typeof clusterSettings>;

/** The files of an embedded server. */
export type PostgresCluster = {
  readonly dataDir: string;
  /** PostgreSQL's data directory. */
  readonly directory: string;
  readonly log: string;
  readonly settings: ClusterSettings;
  readonly binaries: PostgresBinaries;
};

/**
 * Finds or creates the cluster in `dataDir`. Call it under the lock. Throws `EmbeddedPostgresError` if this version of
 * PostgreSQL cannot use an existing one.
 */
export async function openPostgresCluster(
  dataDir: string,
  waysAsRoot: readonly WayAsRoot[],
): Promise<PostgresCluster> {
  const directory = join(dataDir, "postgres");
  const binaries = await findPostgresBinaries(dataDir, directory, waysAsRoot);
  const version = await readIfThere(join(directory, "PG_VERSION"));
  const settings = await findSettings(dataDir);
  const cluster = { dataDir, directory, log: join(dataDir, "postgres.log"), binaries };
  if (version === undefined) {
    return { ...cluster, settings: await makeCluster(dataDir, directory, binaries, settings) };
  }
  if (version.trim() !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      `${directory} was made by PostgreSQL ${version.trim()}; this is ${binaries.majorVersion}. Set another DATA_DIR or move ${dataDir} away to begin anew, or set DATABASE_URL to a server of that version.`,
    );
  }
  if (settings === undefined) {
    throw new EmbeddedPostgresError(
      `${settingsFile(dataDir)}, which holds the password of ${directory}, is missing or damaged. Put it back, or move ${directory} away to begin anew.`,
    );
  }
  return { ...cluster, settings };
}

/** Stores them atomically: a concurrent reader sees the old or the new ones. */
export async function saveClusterSettings(dataDir: string, settings: ClusterSettings): Promise<void> {
  await writePrivateFile(settingsFile(dataDir), JSON.stringify(settings));
}

async function findSettings(dataDir: string): Promise<ClusterSettings | undefined> {
  const content = await readIfThere(settingsFile(dataDir));
  try {
    return clusterSettings.parse(JSON.parse(content ?? ""));
  } catch {
    return undefined;
  }
}

function settingsFile(dataDir: string): string {
  return join(dataDir, "postgres.json");
}

/** Creates it under another name and renames it, so that a cluster under the final name is always complete. */
async function makeCluster(
  dataDir: string,
  directory: string,
  binaries: PostgresBinaries,
  found: ClusterSettings | undefined,
): Promise<ClusterSettings> {
  const settings = found ?? { port: 0, password: randomBytes(24).toString("base64url") };
  await saveClusterSettings(dataDir, settings);
  await removeUnfinished(dataDir);
  const site = await mkdtemp(join(dataDir, unfinishedPrefix));
  const unfinished = join(site, "cluster");
  const passwordFile = join(site, "password");
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, settings.password, { mode: 0o600 });
  await binaries.handOver(site);
  const locations = [`--pgdata=${unfinished}`, `--pwfile=${passwordFile}`];
  await binaries.run("initdb", [...locations, ...clusterOptions]);
  await rename(unfinished, directory);
  await rm(site, { recursive: true });
  return settings;
}

const clusterOptions = [
  "--username=postgres",
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  // Sorts by code point, with case mapping for all letters, the same on every platform.
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
];

const unfinishedPrefix = "postgres.new-";

async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    // An initdb that outlived its caller may still write there. The next start removes it.
    await rm(join(dataDir, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
