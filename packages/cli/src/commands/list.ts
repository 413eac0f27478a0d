import type { BulkActionStatus } from "bulk-actions-client/types";
import { type Command, Option } from "commander";
import { openSession } from "../open-session.ts";
import { showMoment } from "../output/describe-bulk-action.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { alignRows } from "../output/table.ts";
import { addOutputOption, parseCount } from "./options.ts";

const STATUSES: readonly BulkActionStatus[] = ["pending", "processing", "succeeded", "completed", "invalid"];

type ListOptions = OutputOptions & {
  readonly status?: BulkActionStatus;
  readonly type?: string;
  readonly limit: number;
  readonly page: number;
};

/** `bulk-actions list` */
export function addListCommand(program: Command): void {
  const command = program.command("list").description("Lists bulk actions, newest first.");
  addOutputOption(command)
    .addOption(new Option("--status <status>", "only those with this status").choices(STATUSES))
    .option("--type <action-type>", "only those of this type, such as delete_products")
    .addOption(new Option("--limit <count>", "how many").argParser(parseCount).default(20))
    .addOption(new Option("--page <number>", "which page").argParser(parseCount).default(1))
    .action(list);
}

async function list(options: ListOptions): Promise<void> {
  const { status, type, limit, page } = options;
  const bulkActions = await openSession();
  const found = await bulkActions.list({
    ...{ limit, page },
    ...(status && { status: [status] }),
    ...(type && { action_type: type }),
  });
  const rows = found.data.map(({ id, action_type, status: state, created_at, details }) => {
    return [id, action_type, state, `${details.processed}/${details.total}`, showMoment(created_at)];
  });
  print(options, found, alignRows([["ID", "ACTION", "STATUS", "RECORDS", "CREATED"], ...rows]));
}
