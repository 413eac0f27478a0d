import type { Command } from "commander";
import { type FollowOptions, follow, tellId } from "../follow.ts";
import { openSession } from "../open-session.ts";
import { describeBulkAction } from "../output/describe-bulk-action.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { addFollowOptions, addOutputOption, collect } from "./options.ts";

type Exit = (code: number) => void;

/** `bulk-actions status`, `watch`, `cancel`, `retry` and `restore` */
export function addBulkActionCommands(program: Command, exit: Exit): void {
  addOutputOption(about(program, "status", "Shows a bulk action.")).action(showStatus);
  addFollowOptions(about(program, "watch", "Shows the progress of a bulk action until its end.")).action(
    async (id: string, options: FollowOptions) => exit(await watch(id, options)),
  );
  const canceling = "Cancels a bulk action: starts no further record. What is done stays done.";
  addOutputOption(about(program, "cancel", canceling)).action(cancel);
  const retrying = "Does again what failed or was not attempted, and waits for the end.";
  addFollowOptions(about(program, "retry", retrying)).action(async (id: string, options: FollowOptions) =>
    exit(await retry(id, options)),
  );
  const restoring = "Brings back what a bulk action has changed, and waits for the end.";
  addFollowOptions(about(program, "restore", restoring))
    .option("--ids <ids>", "only these records, separated by commas", collect)
    .action(async (id: string, options: RestoreOptions) => exit(await restore(id, options)));
}

type RestoreOptions = FollowOptions & { readonly ids?: readonly string[] };

function about(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).argument("<id>", "the id of a bulk action");
}

async function showStatus(id: string, options: OutputOptions): Promise<void> {
  const bulkAction = await (await openSession()).retrieve(id);
  print(options, bulkAction, describeBulkAction(bulkAction));
}

async function watch(id: string, options: FollowOptions): Promise<number> {
  return await follow(await openSession(), async () => ({ id }), options);
}

async function cancel(id: string, options: OutputOptions): Promise<void> {
  const canceled = await (await openSession()).cancel(id);
  print(options, canceled, describeBulkAction(canceled));
}

async function retry(id: string, options: FollowOptions): Promise<number> {
  const bulkActions = await openSession();
  return await follow(bulkActions, () => tellId(bulkActions.retry(id)), options);
}

async function restore(id: string, { ids, ...options }: RestoreOptions): Promise<number> {
  const bulkActions = await openSession();
  return await follow(bulkActions, () => tellId(bulkActions.restore(id, { recordIds: ids })), options);
}
