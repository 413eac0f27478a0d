import { registry } from "@bulk/actions/registry";
import type { NeededRight, Privilege } from "@bulk/store/inspection/table-rights";

/** The tables whose records the actions of this version delete. */
export const DELETABLE_TABLES: readonly string[] = [...registry.values()].map(({ table }) => table.sql);

/** What API, workers and this command do with tables; `pnpm migrate` and `pnpm seed` need more. */
export const NEEDED_RIGHTS: readonly NeededRight[] = [
  ...DELETABLE_TABLES.flatMap((table) => rights(table, "SELECT", "DELETE")),
  ...rights("line_items", "SELECT"),
  ...rights("_prisma_migrations", "SELECT"),
  // An UPDATE is what locking an account's row takes.
  ...rights("accounts", "SELECT", "UPDATE"),
  ...rights("api_tokens", "SELECT", "UPDATE"),
  ...["bulk_actions", "bulk_action_chunks", "webhook_endpoints", "webhook_deliveries"].flatMap((table) =>
    rights(table, "SELECT", "INSERT", "UPDATE", "DELETE"),
  ),
];

function rights(table: string, ...privileges: readonly Privilege[]): readonly NeededRight[] {
  return privileges.map((privilege) => ({ table, privilege }));
}
