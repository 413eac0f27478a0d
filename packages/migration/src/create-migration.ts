import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findDrift } from "./find-drift.ts";
import { migrate } from "./migrate.ts";
import { MigrationError } from "./migration-error.ts";
import { migrationsDirectory, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";
import { LOCK_FILE } from "./schema-engine.ts";
import { withScratchDatabase } from "./scratch-database.ts";

export type CreateMigrationOptions = PrismaDirectoryOptions & {
  /** The timestamp, in UTC, at the start of the name; default: now. */
  readonly now?: Date;
};

/**
 * Writes migrations/<YYYYMMDDHHMMSS>_<name>/migration.sql with the difference between the migrations and schema.prisma.
 * Returns its path, or null when they agree; then nothing is written. The file is a draft: before you apply it, check what
 * it does to existing rows.
 *
 * The database itself does not change; scratch databases are created on its server.
 *
 * @param name lower case words joined by underscores
 * @throws MigrationError for another name, and where `migrate` and `findDrift` do
 */
export async function createMigration(
  databaseUrl: string,
  name: string,
  { directory = PRISMA_DIRECTORY, now = new Date() }: CreateMigrationOptions = {},
): Promise<string | null> {
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
    throw new MigrationError(
      `Name the migration in lower case with underscores, not ${JSON.stringify(name)}.`,
    );
  }
  const script = await withScratchDatabase(databaseUrl, async (scratchUrl) => {
    await migrate(scratchUrl, { directory });
    return findDrift(scratchUrl, { directory });
  });
  return script === "" ? null : writeMigration(directory, `${timestamp(now)}_${name}`, script);
}

async function writeMigration(directory: string, name: string, script: string): Promise<string> {
  const folder = join(migrationsDirectory(directory), name);
  const path = join(folder, "migration.sql");
  await mkdir(folder, { recursive: true });
  await writeFile(path, leaveOutDefaults(script));
  await writeFile(join(migrationsDirectory(directory), "migration_lock.toml"), LOCK_FILE);
  return path;
}

// Comparing two databases, the engine writes out defaults that Prisma's own migrations leave out.
function leaveOutDefaults(script: string): string {
  return script.replace(/" ASC(?=[,)])/g, '"');
}

function timestamp(now: Date): string {
  return now.toISOString().replace(/\D/g, "").slice(0, 14);
}
