import type { MigrationConnection } from "../migration-connection.ts";
import { type Diagnosis, MigrationError } from "../migration-error.ts";
import {
  findFailure,
  findHistoryFault,
  type HistoryPlace,
  loadHistory,
  withoutTrace,
} from "../migration-history.ts";
import type { Migration } from "../prisma-directory.ts";
import { FILTER, toMigrationList, withSchemaEngine } from "../schema-engine.ts";

/** Migrations, and where they and their history are. */
export type Chain = {
  readonly databaseUrl: string;
  readonly connection: MigrationConnection;
  readonly migrations: readonly Migration[];
  readonly place: HistoryPlace;
  /** The schema of the history. Unquoted. */
  readonly schema: string;
};

/**
 * Applies those of these migrations that the history lacks, in order. Returns their names. The caller holds the migration
 * lock.
 *
 * @throws MigrationError when the history differs from the migrations, or a migration fails or failed earlier
 */
export async function applyMissing(chain: Chain): Promise<readonly string[]> {
  const { connection, migrations, place } = chain;
  const history = await loadHistory(connection, place);
  const fault = findHistoryFault(migrations, history, place);
  if (fault !== undefined) throw new MigrationError(inDatabase(connection, fault));

  const applied = new Set(history.map((entry) => entry.name));
  if (migrations.every((migration) => applied.has(migration.name))) return [];
  try {
    return await apply(chain);
  } catch (error) {
    const failure = findFailure(await loadHistory(connection, place).catch(() => []), place);
    throw new MigrationError(inDatabase(connection, failure ?? describeRefusal(error)), { cause: error });
  }
}

/** Says in which database something was found. */
export function inDatabase({ database }: MigrationConnection, { found, cure }: Diagnosis): Diagnosis {
  return { found: `Database "${database}": ${found}`, cure };
}

function apply({ databaseUrl, migrations, schema }: Chain): Promise<readonly string[]> {
  return withSchemaEngine({ databaseUrl, schema }, async (engine) => {
    const migrationsList = toMigrationList(migrations);
    return (await engine.applyMigrations({ migrationsList, filters: FILTER })).appliedMigrationNames;
  });
}

function describeRefusal(error: unknown): Diagnosis {
  const message = error instanceof Error ? withoutTrace(error.message) : String(error);
  // https://www.prisma.io/docs/orm/reference/error-reference
  const isOthers = error instanceof Error && Reflect.get(error, "code") === "P3005";
  if (!isOthers) return { found: `${message}.`, cure: "Fix that and migrate again." };
  return {
    found: "The schema bulk has tables but no history of migrations.",
    cure:
      "They were created by hand, or belong to another program: the service needs the schema bulk for itself. Rename " +
      "the other one (ALTER SCHEMA bulk RENAME TO …), or use another database. If they are this service's tables, " +
      "record the migrations they match with `prisma migrate resolve --applied <migration>`.",
  };
}
