import { connectClient, createClient } from "@bulk/postgres/connect";
import type { Client } from "pg";
import { type Diagnosis, MigrationError } from "./migration-error.ts";

/** A dedicated session. */
export type MigrationConnection = Client;

/**
 * Opens a dedicated connection; the caller ends it. Session locks need a session, so the URL must not lead to a
 * transaction pooler.
 *
 * @throws MigrationError when it cannot connect
 */
export async function openMigrationConnection(databaseUrl: string): Promise<MigrationConnection> {
  assertReadable(databaseUrl);
  const options = { url: databaseUrl, applicationName: "bulk-actions-migrate" };
  const connection = createClient(options);
  // The next statement reports a lost connection.
  connection.on("error", () => {});
  try {
    await connectClient(connection, options);
  } catch (error) {
    throw new MigrationError(describeRefusal(connection, error), { cause: error });
  }
  return connection;
}

/** Opens such a connection, runs `use` with it, and ends it. */
export async function withMigrationConnection<Result>(
  databaseUrl: string,
  use: (connection: MigrationConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await openMigrationConnection(databaseUrl);
  try {
    return await use(connection);
  } finally {
    await connection.end();
  }
}

function assertReadable(databaseUrl: string): void {
  if (URL.canParse(databaseUrl)) return;
  // Not quoted: it may contain a password.
  throw new MigrationError({
    found: "The database URL cannot be read.",
    cure: "Write it as postgres://user:password@host:port/database.",
  });
}

function describeRefusal({ host, port, database }: Client, error: unknown): Diagnosis {
  const reason = findReason(error);
  return {
    found: `Database "${database}" at ${host}:${port} cannot be reached: ${reason.text}.`,
    cure: adviceOn(reason.code),
  };
}

// A name with several addresses fails with an AggregateError, whose message is empty.
function findReason(error: unknown): { readonly text: string; readonly code: string } {
  if (!(error instanceof Error)) return { text: String(error), code: "" };
  const code: unknown = Reflect.get(error, "code");
  return { text: error.message || String(code), code: typeof code === "string" ? code : "" };
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
function adviceOn(code: string): string {
  switch (code) {
    case "3F000":
      return "Create the schema (CREATE SCHEMA …), or grant the user access to it (GRANT USAGE ON SCHEMA … TO …).";
    case "3D000":
      return "Create the database, or correct its name in the database URL.";
    case "28000":
    case "28P01":
      return "Correct the user and the password in the database URL.";
    case "53300":
    case "57P03":
      return "Try again when the server has started, or has free connections.";
    default:
      return "Start the server, or correct host and port in the database URL.";
  }
}
