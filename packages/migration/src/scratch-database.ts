import { randomUUID } from "node:crypto";
import { openMigrationConnection } from "./migration-connection.ts";
import { MigrationError } from "./migration-error.ts";

/**
 * Creates an empty database on the same server, runs `use` with its URL, and drops it.
 *
 * @throws MigrationError when the server cannot be reached or the user may not create databases
 */
export async function withScratchDatabase<T>(
  databaseUrl: string,
  use: (scratchUrl: string) => Promise<T>,
): Promise<T> {
  const connection = await openMigrationConnection(databaseUrl);
  const name = `migrate_scratch_${randomUUID().replaceAll("-", "")}`;
  try {
    // template0, because PostgreSQL refuses to copy a template with open connections, and template0 allows none.
    await connection.query(`CREATE DATABASE ${name} TEMPLATE template0`).catch(refuse);
    try {
      return await use(withDatabaseName(databaseUrl, name));
    } finally {
      await connection.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  } finally {
    await connection.end();
  }
}

function refuse(error: unknown): never {
  throw new MigrationError(
    `Comparing schemas needs an empty database, which could not be created: ${String(error)}. ` +
      "Use a database URL whose user may create databases (ALTER ROLE … CREATEDB).",
    { cause: error },
  );
}

function withDatabaseName(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}
