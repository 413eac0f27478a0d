import { createHash, randomUUID } from "node:crypto";
import { SERVICE_SCHEMA } from "@bulk/postgres/service-schema";
import type { MigrationConnection } from "../migration-connection.ts";
import { MigrationError } from "../migration-error.ts";
import { loadFormerMigrations, type Migration } from "../prisma-directory.ts";
import { applyMissing, inDatabase } from "./apply-missing.ts";

export type CarryOverOptions = {
  readonly databaseUrl: string;
  readonly connection: MigrationConnection;
  readonly directory: string;
  /** The migration that creates in the schema `bulk` what the last migration before 0.4 left. */
  readonly baseline: Migration;
};

/** An installation that was carried over. */
export type CarriedOver = {
  /** The schema in which the tables were. */
  readonly from: string;
  /** The names of the applied migrations: those that were missing before, and the baseline. */
  readonly applied: readonly string[];
};

/**
 * Carries an installation of 0.1 to 0.3 over, whose tables are in `public` or in the schema that `?schema=` named: brings it
 * to the end of the migrations of these versions, and moves the service's tables into the schema `bulk`, in one transaction.
 * The tables of its shop stay where they are. Returns `undefined` if there is no such installation.
 *
 * @throws MigrationError when there are several, when the user may not move the tables, or when somebody uses them
 */
export async function carryOver(options: CarryOverOptions): Promise<CarriedOver | undefined> {
  const { databaseUrl, connection, directory, baseline } = options;
  const from = await findFormerSchema(connection);
  if (from === undefined) return undefined;
  const table = `${connection.escapeIdentifier(from)}._prisma_migrations`;
  const applied = await applyMissing({
    databaseUrl,
    connection,
    migrations: await loadFormerMigrations(directory),
    place: { table, folder: "prisma/carry-over" },
    schema: from,
  });
  await moveTables(connection, from, baseline).catch((error: unknown) => refuse(connection, from, error));
  return { from, applied: [...applied, baseline.name] };
}

/** The first migration there ever was. */
const FIRST_MIGRATION = "20261123000000_init";

// A shop that uses Prisma has a history of its own, without our migration.
async function findFormerSchema(connection: MigrationConnection): Promise<string | undefined> {
  const { rows } = await connection.query<{ schema: string; history: string; isReadable: boolean }>(`
    SELECT nspname AS schema, format('%I._prisma_migrations', nspname) AS history,
      has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(history.oid, 'SELECT') AS "isReadable"
    FROM pg_namespace
    JOIN pg_class AS history ON history.relnamespace = pg_namespace.oid AND history.relname = '_prisma_migrations'
    JOIN pg_class AS chunks ON chunks.relnamespace = pg_namespace.oid AND chunks.relname = 'bulk_action_chunks'
    WHERE nspname <> '${SERVICE_SCHEMA}' ORDER BY 1`);
  const found: string[] = [];
  for (const { schema, history, isReadable } of rows) {
    if (!isReadable) throw new MigrationError(inDatabase(connection, describeUnreadable(schema)));
    const first = await connection.query(`SELECT FROM ${history} WHERE migration_name = $1`, [
      FIRST_MIGRATION,
    ]);
    if (first.rowCount !== 0) found.push(schema);
  }
  if (found.length > 1) throw new MigrationError(inDatabase(connection, describeSeveral(found)));
  return found[0];
}

function describeUnreadable(schema: string) {
  return {
    found: `The schema ${schema} has tables of an earlier version, which this user may not read.`,
    cure: "Migrate as the owner of these tables.",
  };
}

function describeSeveral(schemas: readonly string[]) {
  return {
    found: `Several schemas have tables of an earlier version: ${schemas.join(", ")}.`,
    cure:
      "Since 0.4 a database holds one installation. Move all but one into databases of their own " +
      "(pg_dump --schema=…), drop their tables here, and migrate each.",
  };
}

/** The tables of the service at the end of the former migrations. */
const TABLES = [
  "accounts",
  "api_tokens",
  "audit_entries",
  "bulk_action_chunks",
  "bulk_actions",
  "pauses",
  "throttles",
  "webhook_deliveries",
  "webhook_endpoints",
  "_prisma_migrations",
];

// All or nothing. The former entries of the history would look like migrations that are missing on disk.
async function moveTables(
  connection: MigrationConnection,
  from: string,
  { name, script }: Migration,
): Promise<void> {
  const schema = connection.escapeIdentifier(from);
  const checksum = createHash("sha256").update(script).digest("hex");
  await connection.query("BEGIN");
  try {
    await connection.query(
      TABLES.map((table) => `ALTER TABLE ${schema}.${table} SET SCHEMA ${SERVICE_SCHEMA};`).join("\n"),
    );
    await connection.query(`DELETE FROM ${SERVICE_SCHEMA}._prisma_migrations`);
    await connection.query(
      `INSERT INTO ${SERVICE_SCHEMA}._prisma_migrations
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await connection.query("COMMIT");
  } catch (error) {
    await connection.query("ROLLBACK");
    throw error;
  }
}

function refuse(connection: MigrationConnection, from: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new MigrationError(
    inDatabase(connection, {
      found: `The service's tables could not be moved from the schema ${from} to ${SERVICE_SCHEMA}: ${reason}.`,
      cure:
        "Nothing was moved. Stop all processes of the earlier version, migrate as the owner of these tables, and remove " +
        `what else has these names in the schema ${SERVICE_SCHEMA}.`,
    }),
    { cause: error },
  );
}
