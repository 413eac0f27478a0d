import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findDrift } from "./find-drift.ts";
import { migrate } from "./migrate.ts";
import { MigrationError } from "./migration-error.ts";
import { migrationsDirectory, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";
import { LOCK_FILE } from "./schema-engine.ts";
import { withScratchDatabase } from "./scratch-database.ts";

export type CreateMigrationOptions = PrismaDirectoryOptions & {
  /** Becomes the timestamp, in UTC, that the name starts with. */
  readonly now?: Date;
};

/**
 * Writes migrations/<YYYYMMDDHHMMSS>_<name>/migration.sql with what schema.prisma has that the migrations
 * have not, and answers its path; null, and nothing written, when they agree. A draft: read it before it is
 * applied, for what it does to the rows that are there.
 *
 * The database is not touched; it only names the server on which scratch databases are made.
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
  const url = new URL(databaseUrl);
  // A migration names no schema.
  url.searchParams.delete("schema");
  const script = await withScratchDatabase(url.href, async (scratchUrl) => {
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

// Between two databases the engine spells out what goes without saying, and in migrations of Prisma's own does.
function leaveOutDefaults(script: string): string {
  return script.replaceAll('"public".', "").replace(/" ASC(?=[,)])/g, '"');
}

function timestamp(now: Date): string {
  return now.toISOString().replace(/\D/g, "").slice(0, 14);
}
