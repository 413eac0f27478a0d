import type { Database } from "./database.ts";

/** Whose records are deleted. */
export type Account = { readonly id: string; readonly name: string };

/** Every account, by name. */
export function listAccounts(database: Database): Promise<Account[]> {
  return database.account.findMany({ select: ACCOUNT, orderBy: { name: "asc" } });
}

/** The account of this name or, if there is none, of this id. */
export async function findAccount(database: Database, nameOrId: string): Promise<Account | undefined> {
  const named = await database.account.findUnique({ select: ACCOUNT, where: { name: nameOrId } });
  if (named !== null) return named;
  const [account] = await database.$queryRaw<Account[]>`
    SELECT id, name FROM accounts WHERE id::text = lower(${nameOrId})`;
  return account;
}

const ACCOUNT = { id: true, name: true } as const;
