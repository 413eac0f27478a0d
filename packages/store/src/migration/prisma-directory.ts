import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of schema.prisma and migrations/ that belongs to this code. */
export const PRISMA_DIRECTORY = fileURLToPath(new URL("../../../../prisma", import.meta.url));

export type PrismaDirectoryOptions = {
  /** A folder of schema.prisma and migrations/; default: the one that belongs to this code. */
  readonly directory?: string;
};

/** One step of the schema's history: migrations/<name>/migration.sql. */
export type Migration = {
  readonly name: string;
  readonly script: string;
};

/** The folder of a Prisma directory that holds the migrations. */
export function migrationsDirectory(directory: string): string {
  return join(directory, "migrations");
}

/** All migrations, in the order they are applied: by name, which starts with a timestamp. */
export async function loadMigrations(directory: string): Promise<readonly Migration[]> {
  const entries = await readdir(migrationsDirectory(directory), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => loadMigration(directory, name)));
}

/** The text of schema.prisma. */
export function loadSchema(directory: string): Promise<string> {
  return readFile(join(directory, "schema.prisma"), "utf8");
}

// Git may check files out with CRLF; the checksum of an applied migration is that of its LF text.
async function loadMigration(directory: string, name: string): Promise<Migration> {
  const text = await readFile(join(migrationsDirectory(directory), name, "migration.sql"), "utf8");
  return { name, script: text.replaceAll("\r\n", "\n") };
}
