import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import type { MigrationConnection } from "./migration-connection.ts";
import type { Diagnosis } from "./migration-error.ts";
import { findHistoryFault, loadHistory } from "./migration-history.ts";
import { loadMigrations, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";

/** The migrations of a database compared with those on disk. */
export type MigrationState = {
  /** Names, in order. */
  readonly applied: readonly string[];
  /** On disk, and not applied or not finished. */
  readonly pending: readonly string[];
  /** Why `migrate` would refuse, if it would. */
  readonly fault: Diagnosis | undefined;
};

/** Reads the state without waiting; a running migration counts as interrupted. */
export async function readMigrationState(
  connection: MigrationConnection,
  { directory = PRISMA_DIRECTORY }: PrismaDirectoryOptions = {},
): Promise<MigrationState> {
  const migrations = await loadMigrations(directory);
  const names = migrations.map(({ name }) => name);
  if (await isClosed(connection)) return { applied: [], pending: names, fault: describeClosed(connection) };
  const history = await loadHistory(connection);
  const applied = history.filter(({ isFinished }) => isFinished).map(({ name }) => name);
  return {
    applied,
    pending: names.filter((name) => !applied.includes(name)),
    fault: findHistoryFault(migrations, history),
  };
}

// PostgreSQL refuses to look anything up in a schema that the user may not use.
async function isClosed(connection: MigrationConnection): Promise<boolean> {
  const { rows } = await connection.query(
    `SELECT FROM pg_namespace WHERE nspname = '${SERVICE_SCHEMA}' AND NOT has_schema_privilege(oid, 'USAGE')`,
  );
  return rows.length > 0;
}

function describeClosed(connection: MigrationConnection): Diagnosis {
  const role = connection.escapeIdentifier(connection.user ?? "");
  return {
    found: `${role} may not use the schema ${SERVICE_SCHEMA}.`,
    cure: `GRANT USAGE ON SCHEMA ${SERVICE_SCHEMA} TO ${role};\nThen run what pnpm admin grants prints for this role.`,
  };
}
