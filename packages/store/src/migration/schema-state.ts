import type { Queryable } from "../database.ts";
import { findSqlstate } from "../sqlstate.ts";
import { loadMigrations, PRISMA_DIRECTORY, type PrismaDirectoryOptions } from "./prisma-directory.ts";

/** Whether this code can work on a database's schema; the reason is for people. */
export type SchemaState =
  | { readonly status: "ok" }
  /** `warning`: the schema is a newer one, which by our rule has everything this code uses. */
  | { readonly status: "warning" | "unavailable"; readonly reason: string };

/**
 * Compares the migrations a database has had with those that belong to this code, as often as it is called; the
 * latter are read once. Throws when the database does not answer.
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
      FROM _prisma_migrations
      -- Not that of a shop which uses Prisma as well, in a schema that comes later in the path.
      WHERE rolled_back_at IS NULL AND tableoid = to_regclass(quote_ident(current_schema()) || '._prisma_migrations')`;
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
    return unavailable(`A migration is under way or failed half-way: ${unfinished.join(", ")}`);
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
