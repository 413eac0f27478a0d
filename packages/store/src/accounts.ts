import type { Database } from "./database.ts";

/** Whose records are deleted. */
export type Account = { readonly id: string; readonly name: string };

/** Every account, by name. */
export function listAccounts(database: Database): Promise<Account[]> {
  return database.account.findMany({ select: { id: true, name: true }, orderBy: { name: "asc" } });
}
