import { listAccounts } from "@bulk/store/accounts";
import type { Command } from "commander";
import { type OutputOptions, print } from "../print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin account …` */
export function addAccountCommands(program: Command): void {
  const account = program.command("account").description("the shops whose records may be deleted");
  account
    .command("list")
    .description("every account with its name")
    .option("--json", "print JSON")
    .action(async (options: OutputOptions) => {
      const accounts = await withSession(({ database }) => listAccounts(database));
      print(
        options,
        accounts,
        accounts.map(({ id, name }) => `${id}  ${name}`),
      );
    });
}
