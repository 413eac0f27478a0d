import type { Database, Queryable } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import { ACCOUNT_KEY } from "./account-key.ts";

/** The owner of records. */
export type Account = { readonly id: string; readonly name: string };

/** An account with the value that the host's tables have for it, as text; null: they have its id. */
export type KeyedAccount = Account & { readonly key: string | null };

/** Lists all accounts by name. */
export function listAccounts(database: Database): Promise<KeyedAccount[]> {
  return database.account.findMany({ select: { ...ACCOUNT, key: true }, orderBy: { name: "asc" } });
}

/** Lists the names of the first accounts, at most `most`. For operators only. */
export async function listAccountNames(database: Database, most: number): Promise<readonly string[]> {
  const accounts = await database.account.findMany({
    ...{ select: { name: true }, orderBy: { name: "asc" }, take: most },
  });
  return accounts.map(({ name }) => name);
}

/** Finds the account of this name or, if there is none, of this id. */
export async function findAccount(database: Database, nameOrId: string): Promise<Account | undefined> {
  const named = await database.account.findUnique({ select: ACCOUNT, where: { name: nameOrId } });
  if (named !== null) return named;
  const [account] = await database.$queryRaw<Account[]>`
    SELECT id, name FROM bulk.accounts WHERE id::text = lower(${nameOrId})`;
  return account;
}

/** Loads what the host's tables have for the account of this id, as text. */
export async function loadAccountKey(database: Queryable, id: string): Promise<string> {
  const [row] = await database.$queryRaw<{ key: string }[]>`
    SELECT ${ACCOUNT_KEY} AS key FROM bulk.accounts account WHERE id = ${id}::uuid`;
  if (row === undefined) throw new Error(`There is no account ${id}.`);
  return row.key;
}

/** The result of `createAccount`. */
export type AccountCreation =
  | { readonly kind: "created"; readonly account: KeyedAccount }
  | { readonly kind: "name_taken" }
  /** Two accounts with one key would own the same records. */
  | { readonly kind: "key_taken" };

/** Creates an account, unless another one has its name or key. */
export async function createAccount(
  database: Database,
  { name, key }: Pick<KeyedAccount, "name" | "key">,
): Promise<AccountCreation> {
  const [account] = await database.$queryRaw<KeyedAccount[]>`
    INSERT INTO bulk.accounts (name, key) SELECT ${name}, ${key}::text WHERE NOT ${isKeyOfAnother(key, null)}
    ON CONFLICT DO NOTHING RETURNING id, name, key`;
  if (account !== undefined) return { kind: "created", account };
  const named = await database.account.findUnique({ select: ACCOUNT, where: { name } });
  return { kind: named === null ? "key_taken" : "name_taken" };
}

/** The result of `setAccountKey`. */
export type KeyChange =
  | { readonly kind: "set"; readonly account: KeyedAccount }
  | { readonly kind: "key_taken" }
  /** Its open bulk actions would go on with the records of another key. */
  | { readonly kind: "has_open_actions" };

/** Sets the key of an account, unless another one has it, or the account has open bulk actions. */
export async function setAccountKey(database: Database, id: string, key: string): Promise<KeyChange> {
  const isIdle = sql`NOT EXISTS (
    SELECT FROM bulk.bulk_actions WHERE account_id = ${id}::uuid AND status IN ('pending', 'processing'))`;
  const [account] = await database.$queryRaw<KeyedAccount[]>`
    UPDATE bulk.accounts SET key = ${key}
    WHERE id = ${id}::uuid AND ${isIdle} AND NOT ${isKeyOfAnother(key, id)}
    RETURNING id, name, key`;
  if (account !== undefined) return { kind: "set", account };
  const [reason] = await database.$queryRaw<{ idle: boolean }[]>`SELECT ${isIdle} AS idle`;
  return { kind: reason?.idle ? "key_taken" : "has_open_actions" };
}

function isKeyOfAnother(key: string | null, id: string | null): Sql {
  return sql`EXISTS (
    SELECT FROM bulk.accounts AS account
    WHERE ${ACCOUNT_KEY} = ${key}::text AND account.id IS DISTINCT FROM ${id}::uuid)`;
}

/** Returns whether there is more than one account. */
export async function hasSeveralAccounts(database: Queryable): Promise<boolean> {
  const rows = await database.$queryRaw<unknown[]>`SELECT 1 AS one FROM bulk.accounts LIMIT 2`;
  return rows.length > 1;
}

/** Finds the account of a bulk action. For operators, who know only its id and then act in that account. */
export async function findOwner(database: Database, bulkActionId: string): Promise<Account | undefined> {
  const found = await database.bulkAction.findUnique({
    select: { account: { select: ACCOUNT } },
    where: { id: bulkActionId },
  });
  return found?.account;
}

/**
 * Finds bulk actions by the first eight digits of their id, as pages show it; at most five. Returns `undefined` if the text is
 * not eight hexadecimal digits, in lower case. For operators only.
 */
export async function findByFirstDigits(
  database: Database,
  text: string,
): Promise<readonly string[] | undefined> {
  if (!/^[0-9a-f]{8}$/.test(text)) return undefined;
  const found = await database.bulkAction.findMany({
    select: { id: true },
    where: {
      id: { gte: `${text}-0000-0000-0000-000000000000`, lte: `${text}-ffff-ffff-ffff-ffffffffffff` },
    },
    take: 5,
  });
  return found.map(({ id }) => id);
}

const ACCOUNT = { id: true, name: true } as const;
