export type Privilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** Privileges by table, as statements name it: with its schema, quoted where necessary. */
export type TableRights = Readonly<Record<string, readonly Privilege[]>>;

/**
 * The rights of API and workers on our own tables; the actions add theirs on the tables of the shop. A cascade needs no
 * right: PostgreSQL runs it as the table's owner. A row lock needs UPDATE. `test/fences/rights.test.ts` compares this and
 * `OPERATOR_RIGHTS` with the statements of this package.
 */
export const SERVICE_RIGHTS: TableRights = {
  "bulk._prisma_migrations": ["SELECT"],
  "bulk.accounts": ["SELECT", "UPDATE"],
  "bulk.api_tokens": ["SELECT", "UPDATE"],
  "bulk.audit_entries": ["INSERT"],
  "bulk.bulk_actions": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.bulk_action_chunks": ["SELECT", "INSERT", "UPDATE"],
  "bulk.brake": ["SELECT", "INSERT", "UPDATE"],
  "bulk.brake_canary": ["SELECT", "INSERT", "UPDATE"],
  "bulk.journal": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.record_blocks": ["SELECT", "INSERT", "DELETE"],
  "bulk.record_runs": ["SELECT", "INSERT", "DELETE"],
  "bulk.kept_rows": ["SELECT", "INSERT", "DELETE"],
  "bulk.pauses": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.rates": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.throttles": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.webhook_endpoints": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.webhook_deliveries": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "bulk.workers": ["SELECT", "INSERT", "UPDATE", "DELETE"],
};

/**
 * The functions that API and workers call. Only one who has the right from us may call `drop_expired_rows`; the others are
 * everybody's by default, unless the database's owner has changed its default privileges.
 */
export const SERVICE_FUNCTIONS: readonly string[] = [
  "bulk.refuse(text)",
  "bulk.drop_expired_rows()",
  "bulk.fit_row(text, text[], text[])",
];

/** The further rights of `pnpm admin`. */
export const OPERATOR_RIGHTS: TableRights = {
  "bulk.accounts": ["INSERT"],
  "bulk.api_tokens": ["INSERT"],
  "bulk.audit_entries": ["SELECT"],
};

/** Merges rights; each privilege is listed once. */
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
