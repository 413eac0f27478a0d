import { RequestError } from "@bulk/domain/request-error";
import { createAccount, listAccounts } from "@bulk/store/accounts";
import type { Command } from "commander";
import { parseName } from "../parse-option.ts";
import { type OutputOptions, print } from "../print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin account …` */
export function addAccountCommands(program: Command): void {
  const account = program.command("account").description("the shops whose records may be deleted");
  account
    .command("create")
    .description("adds an account; give it a token next")
    .argument("<name>", "no other account's", parseName)
    .option("--json", "print JSON")
    .action(create);
  account
    .command("list")
    .description("every account with its name")
    .option("--json", "print JSON")
    .action(list);
}

async function create(name: string, options: OutputOptions): Promise<void> {
  const account = await withSession(({ database }) => createAccount(database, name));
  if (account === undefined) {
    const message = `There is an account of this name already. Choose another name, or use that one.`;
    throw new RequestError("conflict", "account.exists", message);
  }
  print(options, account, [`Created the account ${account.name}, ${account.id}.`]);
}

async function list(options: OutputOptions): Promise<void> {
  const accounts = await withSession(({ database }) => listAccounts(database));
  print(
    options,
    accounts,
    accounts.map(({ id, name }) => `${id}  ${name}`),
  );
}
