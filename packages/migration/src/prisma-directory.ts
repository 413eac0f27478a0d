import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this code's schema.prisma and migrations/. */
export const PRISMA_DIRECTORY = fileURLToPath(new URL("../../../prisma", import.meta.url));

export type PrismaDirectoryOptions = {
  /** A folder with schema.prisma and migrations/; default: this code's. */
  readonly directory?: string;
};

/** A file migrations/<name>/migration.sql. */
export type Migration = {
  readonly name: string;
  readonly script: string;
};

/** The folder of a Prisma directory that holds the migrations. */
export function migrationsDirectory(directory: string): string {
  return join(directory, "migrations");
}

/** Reads all migrations, in order. Their names start with a timestamp. */
export function loadMigrations(directory: string): Promise<readonly Migration[]> {
  return loadFolder(migrationsDirectory(directory));
}

/** Reads the migrations of the versions before 0.4, in order. */
export function loadFormerMigrations(directory: string): Promise<readonly Migration[]> {
  return loadFolder(join(directory, "carry-over"));
}

async function loadFolder(folder: string): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(names.sort().map((name) => loadMigration(folder, name)));
}

/** The text of schema.prisma. */
export function loadSchema(directory: string): Promise<string> {
  return readFile(join(directory, "schema.prisma"), "utf8");
}

// Git may check files out with CRLF; checksums are those of the LF text.
async function loadMigration(folder: string, name: string): Promise<Migration> {
  const text = await readFile(join(folder, name, "migration.sql"), "utf8");
  return { name, script: text.replaceAll("\r\n", "\n") };
}
