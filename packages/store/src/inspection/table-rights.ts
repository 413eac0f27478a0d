import type { Queryable } from "../database.ts";
import type { Privilege } from "../needed-rights.ts";

/** What somebody must be allowed to do with a table, named as statements name it. */
export type NeededRight = { readonly table: string; readonly privilege: Privilege };

/** Who asks. */
export type DatabaseUser = {
  /** Quoted if need be. */
  readonly name: string;
  readonly isSuperuser: boolean;
};

/** The user of this connection. */
export async function readUser(database: Queryable): Promise<DatabaseUser> {
  const [user] = await database.$queryRaw<DatabaseUser[]>`
    SELECT quote_ident(current_user) AS name, rolsuper AS "isSuperuser" FROM pg_roles WHERE rolname = current_user`;
  if (user === undefined) throw new Error("The current user is not among pg_roles.");
  return user;
}

/** Tables of this name that the user does not see: of a schema that is off the search path, or closed to it. */
export async function findHiddenTables(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${tables}::text[]) AS name WHERE to_regclass(name) IS NULL`;
  return rows.map((row) => row.name);
}

/** Which of these rights the user of this connection has not; of tables it sees. */
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

/** Tables of which row security hides rows from this user. */
export async function findVeiledTables(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${tables}::text[]) AS name WHERE row_security_active(to_regclass(name)::oid)`;
  return rows.map((row) => row.name);
}

/** Tables beside ours that the user has no right on: for this user the catalogue's views leave them out. */
export async function findUnseenTables(database: Queryable): Promise<readonly string[]> {
  const rows = await database.$queryRaw<{ name: string }[]>`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
      AND NOT has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    ORDER BY 1`;
  return rows.map((row) => row.name);
}
