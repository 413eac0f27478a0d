import { randomUUID } from "node:crypto";
import { readSchema } from "@bulk/postgres/connection-url";
import { openMigrationConnection, withMigrationConnection } from "./migration-connection.ts";
import { MigrationError } from "./migration-error.ts";

/**
 * Runs `use` with the URL of an empty database on the same server, which is dropped when this settles.
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
    // template0: nobody can be connected to it, which would make PostgreSQL refuse to copy it.
    await connection.query(`CREATE DATABASE ${name} TEMPLATE template0`).catch(refuse);
    try {
      return await use(await createSchema(withDatabaseName(databaseUrl, name)));
    } finally {
      await connection.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  } finally {
    await connection.end();
  }
}

function refuse(error: unknown): never {
  throw new MigrationError(
    `Comparing schemas takes an empty database, and none could be created: ${String(error)}. ` +
      "Use a database URL whose user may create databases (ALTER ROLE … CREATEDB).",
    { cause: error },
  );
}

// As in the database it is compared with; template0 has only the schema `public`.
async function createSchema(scratchUrl: string): Promise<string> {
  const url = new URL(scratchUrl);
  url.searchParams.delete("schema");
  await withMigrationConnection(url.href, (connection) => {
    const schema = connection.escapeIdentifier(readSchema(scratchUrl));
    return connection.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  });
  return scratchUrl;
}

function withDatabaseName(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}
