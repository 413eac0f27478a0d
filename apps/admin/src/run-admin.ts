import { commandLine, ENGINE_VARIABLES } from "@bulk/service/process/command-line";
import { addAccountCommands } from "./commands/account.ts";
import { addActionCommands } from "./commands/action.ts";
import { addAuditCommands } from "./commands/audit.ts";
import { addDashboardPasswordCommand } from "./commands/dashboard-password.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addGrantsCommand } from "./commands/grants.ts";
import { addPauseCommands } from "./commands/pause.ts";
import { addRecordsCommands } from "./commands/records.ts";
import { addThrottleCommands } from "./commands/throttle.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addWebhookCommands } from "./commands/webhook.ts";
import { EXIT_CODES_HELP, runCommands } from "./exit-codes.ts";

/** Runs an operator's command as this process. */
export async function runAdmin(): Promise<void> {
  const program = commandLine({
    name: "pnpm admin",
    description:
      "Manages accounts, tokens, bulk actions and webhooks in the database of DATABASE_URL, or in the embedded server.",
    variables: {
      ...ENGINE_VARIABLES,
      REDIS_URL: "the queue, for doctor and grants; unset: the queue is in the database",
    },
    example: "pnpm admin token create --account north",
  })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("afterAll", EXIT_CODES_HELP);
  addAccountCommands(program);
  addTokenCommands(program);
  addActionCommands(program);
  addAuditCommands(program);
  addPauseCommands(program);
  addRecordsCommands(program);
  addThrottleCommands(program);
  addWebhookCommands(program);
  addDoctorCommand(program);
  addGrantsCommand(program);
  addDashboardPasswordCommand(program);
  await runCommands(program);
}
