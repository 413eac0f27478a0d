import { RequestError } from "@bulk/domain/errors/request-error";
import {
  type AccountCreation,
  createAccount,
  type KeyChange,
  type KeyedAccount,
  listAccounts,
  setAccountKey,
} from "@bulk/store/accounts/accounts";
import type { Command } from "commander";
import { loadAccount } from "../options/find-account.ts";
import { parseKey, parseName } from "../options/parse-option.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin account …` */
export function addAccountCommands(program: Command): void {
  const account = program
    .command("account")
    .description("manage accounts: the shops that own records and tokens");
  account
    .command("create")
    .description("create an account; create a token for it next")
    .argument("<name>", "a unique name", parseName)
    .option(
      "--key <text>",
      "what the tables of the shop have in the column of the account: 42; default: the account's id",
      parseKey,
    )
    .option("--json", "print JSON")
    .action(create);
  account
    .command("key")
    .description("set what the tables of the shop have in the column of the account")
    .argument("<account>", "by name or id")
    .argument("<key>", "for example 42", parseKey)
    .option("--json", "print JSON")
    .action(setKey);
  account.command("list").description("list all accounts").option("--json", "print JSON").action(list);
}

type CreateOptions = OutputOptions & { readonly key?: string };

async function create(name: string, options: CreateOptions): Promise<void> {
  const { key = null } = options;
  const account = accept(await withSession(({ database }) => createAccount(database, { name, key })));
  print(options, account, [`Created the account ${account.name}, ${account.id}${describeKey(account)}.`]);
}

async function setKey(nameOrId: string, key: string, options: OutputOptions): Promise<void> {
  const change = await withSession(async ({ database }) => {
    const { id } = await loadAccount(database, nameOrId);
    return await setAccountKey(database, id, key);
  });
  const account = accept(change);
  print(options, account, [`The account ${account.name} has the key ${account.key}.`]);
}

function accept(result: AccountCreation | KeyChange): KeyedAccount {
  switch (result.kind) {
    case "created":
    case "set":
      return result.account;
    case "has_open_actions":
      throw new RequestError(
        "conflict",
        "account.has_open_actions",
        "The account has open bulk actions, which would go on with the records of the new key. Wait for their end, or cancel them.",
      );
    case "name_taken":
      throw new RequestError(
        "conflict",
        "account.exists",
        "There is already an account of this name. Choose another name, or use that account.",
      );
    case "key_taken":
      throw new RequestError(
        "conflict",
        "account.key_taken",
        "Another account has this key, and so its records. Use that account (pnpm admin account list), or correct the key.",
      );
  }
}

function describeKey({ key }: KeyedAccount): string {
  return key === null ? "" : `, key ${key}`;
}

async function list(options: OutputOptions): Promise<void> {
  const accounts = await withSession(({ database }) => listAccounts(database));
  print(
    options,
    accounts,
    accounts.map((account) => `${account.id}  ${account.name}${describeKey(account)}`),
  );
}
