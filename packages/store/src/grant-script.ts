import type { TableRights } from "./needed-rights.ts";

export type GrantOptions = {
  /** Unquoted. */
  readonly role: string;
  /** Where the tables are. */
  readonly schema: string;
  readonly rights: TableRights;
};

/** The statements that give a role these rights, for whoever owns the tables; to be run again when there are more. */
export function writeGrants({ role, schema, rights }: GrantOptions): readonly string[] {
  const [to, within] = [quoteIdentifier(role), quoteIdentifier(schema)];
  return [
    `GRANT USAGE ON SCHEMA ${within} TO ${to};`,
    ...Object.entries(rights).map(
      ([table, privileges]) =>
        `GRANT ${privileges.join(", ")} ON ${within}.${quoteIdentifier(table)} TO ${to};`,
    ),
  ];
}

/** As SQL spells a name, whatever is in it. */
export function quoteIdentifier(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
