import type { Queryable } from "@bulk/store/database";
import { findSqlstate } from "@bulk/store/sqlstate";
import { loadMigrations, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";

/** Whether this code can work with a database's schema; the reason is for people. */
export type SchemaState =
  | { readonly status: "ok" }
  /** `warning`: the schema is newer. By our rule a newer one has everything that this code uses. */
  | { readonly status: "warning" | "unavailable"; readonly reason: string };

/**
 * Reads this code's migrations, and returns a function that compares them with those applied to the database. It throws
 * when the database does not respond.
 */
export async function createSchemaCheck(
  database: Queryable,
  { directory = PRISMA_DIRECTORY }: PrismaDirectoryOptions = {},
): Promise<() => Promise<SchemaState>> {
  const wanted = (await loadMigrations(directory)).map((migration) => migration.name);
  return async () => compare(wanted, await readApplied(database));
}

type Applied = { readonly name: string; readonly isFinished: boolean };

async function readApplied(database: Queryable): Promise<readonly Applied[]> {
  try {
    return await database.$queryRaw<Applied[]>`
      SELECT migration_name AS name, finished_at IS NOT NULL AS "isFinished"
      FROM bulk._prisma_migrations WHERE rolled_back_at IS NULL`;
  } catch (error) {
    if (findSqlstate(error) === UNDEFINED_TABLE) return [];
    throw error;
  }
}

const UNDEFINED_TABLE = "42P01";

function compare(wanted: readonly string[], applied: readonly Applied[]): SchemaState {
  const unfinished = applied.filter(({ isFinished }) => !isFinished).map(({ name }) => name);
  const had = new Set(applied.map(({ name }) => name));
  const missing = wanted.filter((name) => !had.has(name));
  const foreign = [...had].filter((name) => !wanted.includes(name)).sort();
  if (unfinished.length > 0) {
    return unavailable(`A migration is running or failed half-way: ${unfinished.join(", ")}`);
  }
  if (had.size === 0) return unavailable("The database has never been migrated");
  if (missing.length > 0) return unavailable(`The database is behind this version: ${missing.join(", ")}`);
  if (foreign.length === 0) return { status: "ok" };
  const names = foreign.join(", ");
  return {
    status: "warning",
    reason: `The database is ahead of this version, by ${names}. Upgrade this process.`,
  };
}

function unavailable(what: string): SchemaState {
  return { status: "unavailable", reason: `${what}. Run pnpm migrate; it says what to do.` };
}
