import { bulkActionNotFound } from "@bulk/domain/refusals";
import { RequestError } from "@bulk/domain/request-error";
import { type Account, findAccount, findOwner } from "@bulk/store/accounts";
import type { Database } from "@bulk/store/database";

/** The account that an option names, by name or id. Throws `not_found`. */
export async function loadAccount(database: Database, nameOrId: string): Promise<Account> {
  const account = await findAccount(database, nameOrId);
  if (account !== undefined) return account;
  const message = `There is no account ${JSON.stringify(nameOrId)}. pnpm admin account list shows all.`;
  throw new RequestError("not_found", "account.not_found", message);
}

/** The id of the account that an option names; `undefined` when it names none. */
export async function findAccountId(
  database: Database,
  nameOrId: string | undefined,
): Promise<string | undefined> {
  return nameOrId === undefined ? undefined : (await loadAccount(database, nameOrId)).id;
}

/** The account whose bulk action this is. Throws `not_found`. */
export async function loadOwner(database: Database, bulkActionId: string): Promise<Account> {
  const account = await findOwner(database, bulkActionId);
  if (account === undefined) throw bulkActionNotFound();
  return account;
}
