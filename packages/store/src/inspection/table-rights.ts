import type { Queryable } from "../database.ts";
import type { Privilege } from "../rights/needed-rights.ts";

/** A privilege on a table, by the name that statements use. */
export type NeededRight = { readonly table: string; readonly privilege: Privilege };

/** The user of a connection. */
export type DatabaseUser = {
  /** Quoted where necessary. */
  readonly name: string;
  readonly isSuperuser: boolean;
};

/** Reads the user of this connection. */
export async function readUser(database: Queryable): Promise<DatabaseUser> {
  const [user] = await database.$queryRaw<DatabaseUser[]>`
    SELECT quote_ident(current_user) AS name, rolsuper AS "isSuperuser" FROM pg_roles WHERE rolname = current_user`;
  if (user === undefined) throw new Error("The current user is not among pg_roles.");
  return user;
}

/** Returns the schemas of these tables that the user may not use. PostgreSQL refuses to look anything up in them. */
export async function findClosedSchemas(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT DISTINCT quote_ident(nspname) AS name
    FROM unnest(${tables}::text[]) AS "table", parse_ident("table") AS parts JOIN pg_namespace ON nspname = parts[1]
    WHERE cardinality(parts) = 2 AND NOT has_schema_privilege(oid, 'USAGE') ORDER BY 1`;
  return rows.map((row) => row.name);
}

/** Returns the tables that do not exist, or that the user does not see. The user may use their schemas. */
export async function findHiddenTables(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${tables}::text[]) AS name WHERE to_regclass(name) IS NULL`;
  return rows.map((row) => row.name);
}

/** Returns those of these rights that the user lacks, on tables that it sees. */
export function findMissingRights(
  database: Queryable,
  needed: readonly NeededRight[],
): Promise<readonly NeededRight[]> {
  const tables = needed.map(({ table }) => table);
  const privileges = needed.map(({ privilege }) => privilege);
  return database.$queryRaw`
    SELECT "table", privilege
    FROM unnest(${tables}::text[], ${privileges}::text[]) AS needed ("table", privilege)
    WHERE NOT has_table_privilege(to_regclass("table")::oid, privilege)`;
}

/** Returns those of these functions, by name and argument types, that exist and that the user may not call. */
export async function findClosedFunctions(
  database: Queryable,
  functions: readonly string[],
): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${functions}::text[]) AS name
    WHERE NOT has_function_privilege(to_regprocedure(name)::oid, 'EXECUTE')`;
  return rows.map((row) => row.name);
}

/** Returns the tables of which row security hides rows from the user. */
export async function findVeiledTables(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${tables}::text[]) AS name WHERE row_security_active(to_regclass(name)::oid)`;
  return rows.map((row) => row.name);
}

/**
 * Returns the tables that the user has no right on: the catalogue's views hide them from this user. Partitions are reached by
 * their table, and need no right of their own.
 */
export async function findUnseenTables(database: Queryable): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = to_regnamespace('bulk')::oid AND relkind IN ('r', 'p') AND NOT relispartition
      AND NOT has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    ORDER BY 1`;
  return rows.map((row) => row.name);
}
