import { RequestError } from "@bulk/domain/request-error";
import { findAccount } from "@bulk/store/accounts";
import type { Database } from "@bulk/store/database";
import { listPauses, type Pause, type PauseScope, pause, resume } from "@bulk/store/pauses";
import { type Command, Option } from "commander";
import { parseActionType } from "../known-action-type.ts";
import { nameOperator } from "../operator.ts";
import { type OutputOptions, print } from "../print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin pause`, `resume` and `pauses` */
export function addPauseCommands(program: Command): void {
  addScopeOptions(program.command("pause"))
    .description("keep workers from beginning chunks: of everything, of one account, or of one action type")
    .option("--reason <text>", "why, for whoever lists the pauses")
    .option("--by <text>", "who pauses", nameOperator())
    .option("--list", "pause nothing, but list what is paused")
    .option("--json", "print JSON")
    .action((options: PauseOptions) => (options.list ? printPauses(options) : pauseScope(options)));
  addScopeOptions(program.command("resume"))
    .description("take a pause back; others that hold the same bulk actions stay")
    .option("--json", "print JSON")
    .action(resumeScope);
  program
    .command("pauses")
    .description("what is paused, since when, by whom and why")
    .option("--json", "print JSON")
    .action(printPauses);
}

type ScopeOptions = OutputOptions & { readonly account?: string; readonly actionType?: string };

type PauseOptions = ScopeOptions & {
  readonly reason?: string;
  readonly by: string;
  readonly list?: true;
};

function addScopeOptions(command: Command): Command {
  return command
    .addOption(new Option("--account <name>", "of this account alone").conflicts("actionType"))
    .addOption(new Option("--action-type <type>", "of this type alone").argParser(parseActionType));
}

async function pauseScope(options: PauseOptions): Promise<void> {
  const words = { reason: options.reason ?? null, pausedBy: options.by };
  const pauses = await withSession(async ({ database }) => {
    await pause(database, await readScope(database, options), words);
    return await listPauses(database);
  });
  print(options, pauses, ["From about a second on, workers begin no chunk of:", ...pauses.map(tellPause)]);
}

const NO_PAUSE = "There is no such pause; see pnpm admin pauses.";

async function resumeScope(options: ScopeOptions): Promise<void> {
  const pauses = await withSession(async ({ database }) => {
    const wasPaused = await resume(database, await readScope(database, options));
    if (!wasPaused) throw new RequestError("not_found", "pause.not_found", NO_PAUSE);
    return await listPauses(database);
  });
  const rest = pauses.length === 0 ? [] : ["Still paused:", ...pauses.map(tellPause)];
  print(options, pauses, ["Resumed; workers go on within seconds.", ...rest]);
}

async function printPauses(options: OutputOptions): Promise<void> {
  const pauses = await withSession(({ database }) => listPauses(database));
  print(options, pauses, pauses.length === 0 ? ["Nothing is paused."] : pauses.map(tellPause));
}

async function readScope(database: Database, { account, actionType }: ScopeOptions): Promise<PauseScope> {
  if (actionType !== undefined) return { kind: "action_type", actionType };
  if (account === undefined) return { kind: "all" };
  const found = await findAccount(database, account);
  if (found === undefined) {
    const message = `There is no account ${account}; see pnpm admin account list.`;
    throw new RequestError("not_found", "account.not_found", message);
  }
  return { kind: "account", accountId: found.id };
}

function tellPause({ scope, accountName, reason, pausedBy, pausedAt }: Pause): string {
  const since = `since ${pausedAt.toISOString()}, by ${pausedBy}`;
  return `${tellScope(scope, accountName)}  ${since}${reason === null ? "" : `: ${reason}`}`;
}

function tellScope(scope: PauseScope, accountName: string | null): string {
  switch (scope.kind) {
    case "all":
      return "everything";
    case "account":
      return `account ${accountName ?? scope.accountId}`;
    case "action_type":
      return `action type ${scope.actionType}`;
  }
}
