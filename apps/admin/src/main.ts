import { runCommand } from "@bulk/local/run-command";
import { program } from "commander";
import { addAccountCommands } from "./commands/account.ts";
import { addDashboardPasswordCommand } from "./commands/dashboard-password.ts";

program
  .name("pnpm admin")
  .description("Looks after accounts, tokens and bulk actions, on DATABASE_URL or the embedded server.")
  .configureHelp({ showGlobalOptions: true });

addAccountCommands(program);
addDashboardPasswordCommand(program);

await runCommand(program);
