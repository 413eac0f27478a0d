import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import type { Client } from "pg";
import { applyMissing, inDatabase } from "./apply/apply-missing.ts";
import { carryOver } from "./apply/carry-over.ts";
import { findMissingRight } from "./find-missing-right.ts";
import { openMigrationConnection } from "./migration-connection.ts";
import { MigrationError } from "./migration-error.ts";
import { loadHistory, OWN_HISTORY } from "./migration-history.ts";
import {
  loadMigrations,
  type Migration,
  PRISMA_DIRECTORY,
  type PrismaDirectoryOptions,
} from "./prisma-directory.ts";

export type MigrateOptions = PrismaDirectoryOptions & {
  /** Called when the tables of an earlier version were moved into the schema `bulk`, with the schema they were in. */
  readonly onCarriedOver?: (from: string) => void;
};

/**
 * Applies the missing migrations, in order. Returns their names; empty when none is missing. Several processes may call it
 * at once: one applies, the others wait. Each migration is one transaction. The history has the format of
 * `prisma migrate deploy`.
 *
 * Creates and changes nothing outside the schema `bulk`; the tables of an installation of 0.1 to 0.3 are moved into it.
 * Manual changes that do not conflict with a migration are allowed (an operator's emergency index must not prevent a
 * start); `findDrift` reports them.
 *
 * @throws MigrationError when the database cannot be reached, its history differs from the migrations on disk, or a
 *   migration fails or failed earlier; the message says what to do
 */
export async function migrate(
  databaseUrl: string,
  { directory = PRISMA_DIRECTORY, onCarriedOver = ignore }: MigrateOptions = {},
): Promise<readonly string[]> {
  const migrations = await loadMigrations(directory);
  const connection = await openMigrationConnection(databaseUrl);
  try {
    await takeMigrationLock(connection);
    const carriedOver = await prepareSchema({ databaseUrl, connection, directory, migrations });
    if (carriedOver !== undefined) onCarriedOver(carriedOver.from);
    const place = OWN_HISTORY;
    const applied = await applyMissing({
      databaseUrl,
      connection,
      migrations,
      place,
      schema: SERVICE_SCHEMA,
    });
    return [...(carriedOver?.applied ?? []), ...applied];
  } finally {
    // Ending the session releases the lock.
    await connection.end();
  }
}

function ignore(): void {}

// An index on a large table takes minutes.
const LOCK_TIMEOUT_MS = 10 * 60_000;

/*
 * The engine has its own lock (72707369), but gives up after 10 s and takes it too late: a running migration would look
 * like a failed one to a process that reads the history. We wait for the engine's lock as well: `prisma migrate deploy`
 * takes only that one, and the session of a killed process still holds it while PostgreSQL finishes its migration.
 */
async function takeMigrationLock(connection: Client): Promise<void> {
  await connection.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}; SET statement_timeout = 0`);
  try {
    await connection.query("SELECT pg_advisory_lock(hashtext('bulk_actions.migrate'))");
    await connection.query("SELECT pg_advisory_lock(72707369)");
    await connection.query("SELECT pg_advisory_unlock(72707369)");
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, "code") !== "55P03") throw error;
    throw new MigrationError(
      `Another process has been migrating database "${connection.database}" for ${LOCK_TIMEOUT_MS / 60_000} ` +
        "minutes. Wait for it, or end it (pg_locks: locktype = 'advisory'), and migrate again.",
      { cause: error },
    );
  }
}

type Preparation = {
  readonly databaseUrl: string;
  readonly connection: Client;
  readonly directory: string;
  readonly migrations: readonly Migration[];
};

async function prepareSchema({ databaseUrl, connection, directory, migrations }: Preparation) {
  await createSchema(connection);
  const [baseline] = migrations;
  if (baseline === undefined || (await loadHistory(connection)).length > 0) return undefined;
  return await carryOver({ databaseUrl, connection, directory, baseline });
}

// CREATE SCHEMA IF NOT EXISTS needs the right to create it even where it exists.
async function createSchema(connection: Client): Promise<void> {
  const obstacle = await findMissingRight(connection);
  if (obstacle !== undefined) throw new MigrationError(inDatabase(connection, obstacle));
  const { rowCount } = await connection.query(`SELECT FROM pg_namespace WHERE nspname = '${SERVICE_SCHEMA}'`);
  if (rowCount === 0) await connection.query(`CREATE SCHEMA ${SERVICE_SCHEMA}`);
}
