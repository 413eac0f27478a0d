import { runCommand } from "@bulk/local/run-command";
import { program } from "commander";
import { addAccountCommands } from "./commands/account.ts";
import { addPauseCommands } from "./commands/pause.ts";
import { addThrottleCommands } from "./commands/throttle.ts";

program
  .name("pnpm admin")
  .description("Looks after accounts, tokens and bulk actions, on DATABASE_URL or the embedded server.")
  .configureHelp({ showGlobalOptions: true });

addAccountCommands(program);
addPauseCommands(program);
addThrottleCommands(program);

await runCommand(program);
