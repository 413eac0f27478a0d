import { bulkActionNotFound } from "@bulk/domain/errors/refusals";
import { RequestError } from "@bulk/domain/errors/request-error";
import { type Account, findAccount, findOwner } from "@bulk/store/accounts/accounts";
import type { Database } from "@bulk/store/database";

/** Loads an account by name or id. Throws `not_found`. */
export async function loadAccount(database: Database, nameOrId: string): Promise<Account> {
  const account = await findAccount(database, nameOrId);
  if (account !== undefined) return account;
  const message = `There is no account ${JSON.stringify(nameOrId)}. pnpm admin account list shows all.`;
  throw new RequestError("not_found", "account.not_found", message);
}

/** Returns the id of an account by name or id; `undefined` if the option is not given. Throws `not_found`. */
export async function findAccountId(
  database: Database,
  nameOrId: string | undefined,
): Promise<string | undefined> {
  return nameOrId === undefined ? undefined : (await loadAccount(database, nameOrId)).id;
}

/** Loads the account that owns a bulk action. Throws `not_found`. */
export async function loadOwner(database: Database, bulkActionId: string): Promise<Account> {
  const account = await findOwner(database, bulkActionId);
  if (account === undefined) throw bulkActionNotFound();
  return account;
}
