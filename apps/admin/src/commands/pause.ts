import { RequestError } from "@bulk/domain/errors/request-error";
import type { Database } from "@bulk/store/database";
import { listPauses, type OperatorScope, pause, resume } from "@bulk/store/operations/pauses";
import { type Command, Option } from "commander";
import { loadAccount } from "../options/find-account.ts";
import { nameOperator } from "../options/name-operator.ts";
import { parseActionType } from "../options/parse-option.ts";
import { describePause } from "../output/describe-pause.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin pause`, `resume` and `pauses` */
export function addPauseCommands(program: Command): void {
  addScopeOptions(program.command("pause"))
    .description(
      "start no further chunk of an account, of an action type, of both together, or with --all of anything",
    )
    .option("--reason <text>", "the reason, shown in the list of pauses")
    .option("--by <text>", "who pauses", nameOperator())
    .option("--list", "list the pauses, and pause nothing")
    .option("--json", "print JSON")
    .action(async (options: PauseOptions, command: Command) => {
      if (options.list) return await printPauses(options);
      demandScope(options, command);
      await pauseScope(options);
    });
  addScopeOptions(program.command("resume"))
    .description("remove a pause; other pauses of the same bulk actions stay")
    .option("--json", "print JSON")
    .action(async (options: ScopeOptions, command: Command) => {
      demandScope(options, command);
      await resumeScope(options);
    });
  program
    .command("pauses")
    .description("list the pauses: what, since when, by whom and why")
    .option("--json", "print JSON")
    .action(printPauses);
}

type ScopeOptions = OutputOptions & {
  readonly all?: true;
  readonly account?: string;
  readonly actionType?: string;
};

type PauseOptions = ScopeOptions & {
  readonly reason?: string;
  readonly by: string;
  readonly list?: true;
};

function addScopeOptions(command: Command): Command {
  return command
    .addOption(new Option("--all", "everything").conflicts(["account", "actionType"]))
    .option("--account <name>", "only this account")
    .option("--action-type <type>", "only this action type", parseActionType);
}

function demandScope({ all, account, actionType }: ScopeOptions, command: Command): void {
  if (all || account !== undefined || actionType !== undefined) return;
  command.error("error: set --account, --action-type or both, or --all");
}

async function pauseScope(options: PauseOptions): Promise<void> {
  const words = { reason: options.reason ?? null, pausedBy: options.by };
  const pauses = await withSession(async ({ database }) => {
    await pause(database, await readScope(database, options), words);
    return await listPauses(database);
  });
  print(options, pauses, [
    "Within two seconds, workers start no further chunk of:",
    ...pauses.map(describePause),
  ]);
}

const NO_PAUSE = "There is no such pause; see pnpm admin pauses.";

async function resumeScope(options: ScopeOptions): Promise<void> {
  const pauses = await withSession(async ({ database }) => {
    const wasPaused = await resume(database, await readScope(database, options));
    if (!wasPaused) throw new RequestError("not_found", "pause.not_found", NO_PAUSE);
    return await listPauses(database);
  });
  const rest = pauses.length === 0 ? [] : ["Still paused:", ...pauses.map(describePause)];
  print(options, pauses, ["Resumed. Workers continue within seconds.", ...rest]);
}

async function printPauses(options: OutputOptions): Promise<void> {
  const pauses = await withSession(({ database }) => listPauses(database));
  print(options, pauses, pauses.length === 0 ? ["Nothing is paused."] : pauses.map(describePause));
}

async function readScope(database: Database, { account, actionType }: ScopeOptions): Promise<OperatorScope> {
  const accountId = account === undefined ? undefined : (await loadAccount(database, account)).id;
  if (accountId === undefined)
    return actionType === undefined ? { kind: "all" } : { kind: "action_type", actionType };
  if (actionType === undefined) return { kind: "account", accountId };
  return { kind: "account_action_type", accountId, actionType };
}
