import { notPausable } from "@bulk/domain/errors/refusals";
import { RequestError } from "@bulk/domain/errors/request-error";
import type { Database } from "@bulk/store/database";
import type { NewEntry } from "@bulk/store/journal/journal";
import { recordChange } from "@bulk/store/journal/record-change";
import type { OperatorScope } from "@bulk/store/operations/pause-scope";
import { listPauses, pause, resume } from "@bulk/store/operations/pauses";
import { type Command, Option } from "commander";
import { loadAccount } from "../options/find-account.ts";
import { loadProgress } from "../options/load-progress.ts";
import { nameOperator } from "../options/name-operator.ts";
import { parseActionType, parseId } from "../options/parse-option.ts";
import { describePause } from "../output/describe-pause.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin pause`, `resume` and `pauses` */
export function addPauseCommands(program: Command): void {
  addScopeOptions(program.command("pause"))
    .description(
      "start no further chunk of an account, of an action type, of both together, of one bulk action, or with --all of anything",
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
  readonly action?: string;
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
    .addOption(new Option("--all", "everything").conflicts(["action", "account", "actionType"]))
    .addOption(
      new Option("--action <id>", "only this bulk action, until it ends")
        .argParser(parseId)
        .conflicts(["account", "actionType"]),
    )
    .option("--account <name>", "only this account")
    .option("--action-type <type>", "only this action type", parseActionType);
}

function demandScope({ all, action, account, actionType }: ScopeOptions, command: Command): void {
  if (all || action !== undefined || account !== undefined || actionType !== undefined) return;
  command.error("error: set --account, --action-type or both, or --action, or --all");
}

async function pauseScope(options: PauseOptions): Promise<void> {
  const words = { reason: options.reason ?? null, pausedBy: options.by };
  const pauses = await withSession(async ({ database }) => {
    const scope = await readScope(database, options);
    const entry = { ...entryOf("pause", scope, options.by), detail: options.reason };
    await recordChange(database, entry, async () => {
      if (!(await pause(database, scope, words))) throw notPausable();
    });
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
    const scope = await readScope(database, options);
    await recordChange(database, entryOf("resume", scope, nameOperator()), async () => {
      const wasPaused = await resume(database, scope);
      if (!wasPaused) throw new RequestError("not_found", "pause.not_found", NO_PAUSE);
    });
    return await listPauses(database);
  });
  const rest = pauses.length === 0 ? [] : ["Still paused:", ...pauses.map(describePause)];
  print(options, pauses, ["Resumed. Workers continue within seconds.", ...rest]);
}

async function printPauses(options: OutputOptions): Promise<void> {
  const pauses = await withSession(({ database }) => listPauses(database));
  print(options, pauses, pauses.length === 0 ? ["Nothing is paused."] : pauses.map(describePause));
}

function entryOf(kind: "pause" | "resume", { kind: _, ...named }: OperatorScope, by: string): NewEntry {
  return { kind, by, ...named };
}

async function readScope(
  database: Database,
  { action, account, actionType }: ScopeOptions,
): Promise<OperatorScope> {
  if (action !== undefined) {
    const bulkAction = await loadProgress(database, action);
    return {
      kind: "bulk_action",
      accountId: bulkAction.accountId,
      actionType: bulkAction.actionType,
      bulkActionId: action,
    };
  }
  const accountId = account === undefined ? undefined : (await loadAccount(database, account)).id;
  if (accountId === undefined)
    return actionType === undefined ? { kind: "all" } : { kind: "action_type", actionType };
  if (actionType === undefined) return { kind: "account", accountId };
  return { kind: "account_action_type", accountId, actionType };
}
