export type Privilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** What somebody must be allowed to do with tables, by their names. */
export type TableRights = Readonly<Record<string, readonly Privilege[]>>;

/**
 * What API and workers do with the tables that are ours; the actions add those of the shop. A cascade needs no right:
 * PostgreSQL follows it as the table's owner. A row lock takes UPDATE. `test/fences/rights.test.ts` holds this and
 * `OPERATOR_RIGHTS` against the statements of this package.
 */
export const SERVICE_RIGHTS: TableRights = {
  _prisma_migrations: ["SELECT"],
  accounts: ["SELECT", "UPDATE"],
  api_tokens: ["SELECT", "UPDATE"],
  audit_entries: ["INSERT"],
  bulk_actions: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  bulk_action_chunks: ["SELECT", "INSERT", "UPDATE"],
  pauses: ["SELECT"],
  throttles: ["SELECT", "UPDATE"],
  webhook_endpoints: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  webhook_deliveries: ["SELECT", "INSERT", "UPDATE", "DELETE"],
};

/** What `pnpm admin` does with them beside that. */
export const OPERATOR_RIGHTS: TableRights = {
  accounts: ["INSERT"],
  api_tokens: ["INSERT"],
  audit_entries: ["SELECT"],
  pauses: ["INSERT", "UPDATE", "DELETE"],
  throttles: ["INSERT", "DELETE"],
};

/** All of several, each once. */
export function mergeRights(...several: readonly TableRights[]): TableRights {
  const byTable = Map.groupBy(
    several.flatMap((rights) => Object.entries(rights)),
    ([table]) => table,
  );
  return Object.fromEntries(
    [...byTable].map(([table, entries]) => [
      table,
      [...new Set(entries.flatMap(([, privileges]) => privileges))],
    ]),
  );
}
