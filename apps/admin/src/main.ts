import { runCommand } from "@bulk/local/run-command";
import { program } from "commander";
import { addAccountCommands } from "./commands/account.ts";
import { addDoctorCommand } from "./commands/doctor.ts";

program
  .name("pnpm admin")
  .description("Looks after accounts, tokens and bulk actions, on DATABASE_URL or the embedded server.")
  .configureHelp({ showGlobalOptions: true });

addAccountCommands(program);
addDoctorCommand(program);

await runCommand(program);
