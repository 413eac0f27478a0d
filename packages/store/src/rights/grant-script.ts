import { quoteIdentifier } from "../quote-identifier.ts";
import { SERVICE_FUNCTIONS, type TableRights } from "./needed-rights.ts";

export type GrantOptions = {
  /** Unquoted. */
  readonly role: string;
  readonly rights: TableRights;
};

/** Returns the GRANTs of these rights, for the owner of the tables to run, again after each migration. */
export function writeGrants({ role, rights }: GrantOptions): readonly string[] {
  const to = quoteIdentifier(role);
  const schemas = new Set(Object.keys(rights).flatMap((table) => SCHEMA.exec(table)?.[1] ?? []));
  return [
    ...[...schemas].map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO ${to};`),
    ...SERVICE_FUNCTIONS.map((name) => `GRANT EXECUTE ON FUNCTION ${name} TO ${to};`),
    ...Object.entries(rights).map(
      ([table, privileges]) => `GRANT ${privileges.join(", ")} ON ${table} TO ${to};`,
    ),
  ];
}

// The first part of a name of two parts, each quoted or not.
const SCHEMA = /^("(?:[^"]|"")+"|[^".]+)\./;
