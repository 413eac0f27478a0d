import type { Client } from "pg";
import { openMigrationConnection } from "./migration-connection.ts";
import { type Diagnosis, MigrationError } from "./migration-error.ts";
import { findFailure, findHistoryFault, loadHistory, withoutTrace } from "./migration-history.ts";
import {
  loadMigrations,
  type Migration,
  PRISMA_DIRECTORY,
  type PrismaDirectoryOptions,
} from "./prisma-directory.ts";
import { NO_FILTER, toMigrationList, withSchemaEngine } from "./schema-engine.ts";

/**
 * Applies the migrations the database has not had yet, in order, and answers their names; empty when there is
 * nothing to do. Any number of processes may call it at once: one works, the others wait and find it done.
 * Each migration is one transaction. The history is kept as `prisma migrate deploy` keeps it.
 *
 * A change by hand that is in no migration's way is not refused (an operator's emergency index must not keep
 * the service from starting); `findDrift` tells of it.
 *
 * @throws MigrationError when the database cannot be reached, its history is not the one on disk, or a
 *   migration fails, now or earlier; the message says what to do
 */
export async function migrate(
  databaseUrl: string,
  { directory = PRISMA_DIRECTORY }: PrismaDirectoryOptions = {},
): Promise<readonly string[]> {
  const migrations = await loadMigrations(directory);
  const connection = await openMigrationConnection(databaseUrl);
  try {
    await takeMigrationLock(connection);
    return await applyMissing(databaseUrl, connection, migrations);
  } finally {
    // The lock goes with the session.
    await connection.end();
  }
}

// An index on a large table takes minutes.
const LOCK_TIMEOUT_MS = 10 * 60_000;

/*
 * The engine has a lock of its own (72707369), but gives up after 10 s, and takes it too late: the history
 * must not be read while a migration is under way, which would look like one that failed half-way. The
 * engine's lock is waited for all the same: `prisma migrate deploy` holds only that one, and so does the
 * session in which PostgreSQL still works on the migration of a process that was killed.
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

async function applyMissing(
  databaseUrl: string,
  connection: Client,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const history = await loadHistory(connection);
  const fault = findHistoryFault(migrations, history);
  if (fault !== undefined) throw new MigrationError(inDatabase(connection, fault));

  const applied = new Set(history.map((entry) => entry.name));
  if (migrations.every((migration) => applied.has(migration.name))) return [];
  try {
    return await apply(databaseUrl, migrations);
  } catch (error) {
    const failure = findFailure(await loadHistory(connection).catch(() => []));
    throw new MigrationError(inDatabase(connection, failure ?? describeRefusal(error)), { cause: error });
  }
}

function inDatabase({ database }: Client, { found, cure }: Diagnosis): Diagnosis {
  return { found: `Database "${database}": ${found}`, cure };
}

function apply(databaseUrl: string, migrations: readonly Migration[]): Promise<readonly string[]> {
  return withSchemaEngine({ databaseUrl }, async (engine) => {
    const migrationsList = toMigrationList(migrations);
    return (await engine.applyMigrations({ migrationsList, filters: NO_FILTER })).appliedMigrationNames;
  });
}

function describeRefusal(error: unknown): Diagnosis {
  const message = error instanceof Error ? withoutTrace(error.message) : String(error);
  // https://www.prisma.io/docs/orm/reference/error-reference
  const isOthers = error instanceof Error && Reflect.get(error, "code") === "P3005";
  if (!isOthers) return { found: `${message}.`, cure: "Mend that and migrate again." };
  return {
    found: "Schema public has tables but no history of migrations.",
    cure:
      "Somebody made them by hand, or they belong to something else. Use an empty database, or, if they are " +
      "this service's tables, record what they amount to with `prisma migrate resolve --applied <migration>`.",
  };
}
