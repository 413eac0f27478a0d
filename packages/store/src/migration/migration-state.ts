import type { MigrationConnection } from "./migration-connection.ts";
import type { Diagnosis } from "./migration-error.ts";
import { findHistoryFault, loadHistory } from "./migration-history.ts";
import { loadMigrations, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";

/** How far a database is, compared with the migrations on disk. */
export type MigrationState = {
  /** Names, in order. */
  readonly applied: readonly string[];
  /** On disk and not yet applied, or not to their end. */
  readonly pending: readonly string[];
  /** Why `migrate` would refuse, if it would. */
  readonly fault: Diagnosis | undefined;
};

/** Looks, changes nothing and waits for nobody: one that is under way counts as interrupted. */
export async function readMigrationState(
  connection: MigrationConnection,
  { directory = PRISMA_DIRECTORY }: PrismaDirectoryOptions = {},
): Promise<MigrationState> {
  const migrations = await loadMigrations(directory);
  const history = await loadHistory(connection);
  const applied = history.filter(({ isFinished }) => isFinished).map(({ name }) => name);
  return {
    applied,
    pending: migrations.map(({ name }) => name).filter((name) => !applied.includes(name)),
    fault: findHistoryFault(migrations, history),
  };
}
