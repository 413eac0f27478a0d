import { registry } from "@bulk/actions/registry";
import type { NeededRight } from "@bulk/store/inspection/table-rights";
import { mergeRights, SERVICE_RIGHTS } from "@bulk/store/needed-rights";

const ACTIONS = [...registry.values()];

/** The tables whose records the actions of this version delete. */
export const DELETABLE_TABLES: readonly string[] = ACTIONS.map(({ table }) => table.sql);

/** What API and workers do with tables; operators' commands, `pnpm migrate` and `pnpm seed` need more. */
export const NEEDED_TABLE_RIGHTS = mergeRights(SERVICE_RIGHTS, ...ACTIONS.map(({ rights }) => rights));

/** The same, one by one. */
export const NEEDED_RIGHTS: readonly NeededRight[] = Object.entries(NEEDED_TABLE_RIGHTS).flatMap(
  ([table, privileges]) => privileges.map((privilege) => ({ table, privilege })),
);
