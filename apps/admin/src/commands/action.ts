import { countProcessed } from "@bulk/domain/action-outcome";
import { type BulkActionStatus, isOpen } from "@bulk/domain/bulk-action";
import { counted } from "@bulk/domain/counted";
import { bulkActionNotFound, notCancelable } from "@bulk/domain/refusals";
import { startProgress } from "@bulk/local/progress";
import { type BulkActionProgress, readProgress } from "@bulk/store/bulk-action-progress";
import { cancelBulkAction } from "@bulk/store/cancel";
import { listLatest } from "@bulk/store/latest-bulk-actions";
import { type Command, Option } from "commander";
import { describeBulkAction, summarize, tellCounts, toLines } from "../describe-bulk-action.ts";
import { DID_NOT_SUCCEED } from "../exit-codes.ts";
import { EXPORT_FORMATS, type ExportFormat, exportRecords } from "../export-records.ts";
import { findAccountId, loadOwner } from "../find-account.ts";
import { followBulkAction } from "../follow-bulk-action.ts";
import { alignColumns, showMoment } from "../lines.ts";
import { parseId, parseLimit } from "../parse-option.ts";
import { type OutputOptions, print } from "../print.ts";
import { retryAsOperator } from "../retry-as-operator.ts";
import { type Session, withSession } from "../session.ts";

/** `pnpm admin action …` */
export function addActionCommands(program: Command): void {
  const action = program.command("action").description("bulk actions");
  action
    .command("list")
    .description("what was submitted last, newest first")
    .option("--account <account>", "only its, by name or id")
    .addOption(new Option("--status <statuses...>", "only those of any of these").choices(STATUSES))
    .option("--limit <number>", "how many", parseLimit, 20)
    .option("--json", "print JSON")
    .action(list);
  addIdCommand(action, "show", "status, counts, reasons, and how its chunks stand").action(show);
  addIdCommand(action, "watch", "its progress until the end; exits with 4 if that is not succeeded").action(
    watch,
  );
  addIdCommand(action, "cancel", "begins nothing more of it; chunks under work are finished").action(cancel);
  addIdCommand(action, "retry", "submits what failed or was not attempted once more")
    .option("--failed-only", "only what failed")
    .action(retry);
  addIdCommand(action, "export", "what became of every record")
    .addOption(new Option("--format <format>", "of the lines").choices(EXPORT_FORMATS).default("ndjson"))
    .option("--out <file>", "where to; the standard output, unless given")
    .action(exportAll);
}

const STATUSES: readonly BulkActionStatus[] = ["pending", "processing", "succeeded", "completed", "invalid"];

function addIdCommand(action: Command, name: string, description: string): Command {
  return action
    .command(name)
    .description(description)
    .argument("<id>", "as pnpm admin action list shows it", parseId)
    .option("--json", "print JSON");
}

type ListOptions = OutputOptions & {
  readonly account?: string;
  readonly status?: readonly BulkActionStatus[];
  readonly limit: number;
};

async function list({ account, status, limit, ...options }: ListOptions): Promise<void> {
  const latest = await withSession(async ({ database }) =>
    listLatest(database, { accountId: await findAccountId(database, account), statuses: status, limit }),
  );
  const summaries = latest.map(({ accountName, ...progress }) => ({ accountName, ...summarize(progress) }));
  const rows = summaries.map((summary) => [
    ...[summary.id, summary.accountName, summary.actionType, summary.status, showMoment(summary.createdAt)],
    `${summary.recordCount}: ${tellCounts(summary)}`,
  ]);
  const head = ["id", "account", "type", "status", "created", "records"];
  print(options, summaries, alignColumns([head, ...rows]));
}

async function show(id: string, options: OutputOptions): Promise<void> {
  const description = await withSession(async ({ database }) =>
    describeBulkAction(database, await loadProgress({ database }, id)),
  );
  print(options, description, toLines(description));
}

async function loadProgress(
  { database }: Pick<Session, "database">,
  id: string,
): Promise<BulkActionProgress> {
  const { id: accountId } = await loadOwner(database, id);
  const [progress] = await readProgress(database, [{ accountId, id }]);
  if (progress === undefined) throw bulkActionNotFound();
  return progress;
}

async function watch(id: string, options: OutputOptions): Promise<void> {
  const description = await withSession(async (session) => {
    const first = await loadProgress(session, id);
    const bar = options.json ? undefined : startProgress(first.recordCount, countProcessed(first));
    const ended = await followBulkAction(session, first, (progress) => bar?.show(countProcessed(progress)));
    bar?.end(countProcessed(ended));
    return await describeBulkAction(session.database, ended);
  });
  print(options, description, toLines(description));
  if (description.status !== "succeeded") process.exitCode = DID_NOT_SUCCEED;
}

async function cancel(id: string, options: OutputOptions): Promise<void> {
  const progress = await withSession(async (session) => {
    const { id: accountId } = await loadOwner(session.database, id);
    const cancellation = await cancelBulkAction(session.database, accountId, id, "admin");
    if (cancellation.kind === "too_late") throw notCancelable();
    return await loadProgress(session, id);
  });
  const summary = summarize(progress);
  const state = isOpen(progress.status)
    ? "is canceled; the chunks under work are being finished"
    : `is canceled and has ended as ${progress.status}`;
  print(options, summary, [`${id} ${state}: ${tellCounts(summary)}.`]);
}

type RetryOptions = OutputOptions & { readonly failedOnly?: true };

async function retry(id: string, { failedOnly, ...options }: RetryOptions): Promise<void> {
  const taking = failedOnly ? "failed" : "failed_and_untouched";
  const created = await withSession(async (session) => {
    const { id: accountId } = await loadOwner(session.database, id);
    const { id: createdId } = await retryAsOperator(session, { accountId, id }, taking);
    return await loadProgress(session, createdId);
  });
  print(options, summarize(created), [
    `${created.id} takes up ${counted(created.recordCount, "record")}. See it through: pnpm admin action watch ${created.id}`,
  ]);
}

type ExportOptions = OutputOptions & { readonly format: ExportFormat; readonly out?: string };

async function exportAll(id: string, { format, out, ...options }: ExportOptions): Promise<void> {
  const count = await withSession(async ({ database }) => {
    const { id: accountId } = await loadOwner(database, id);
    return await exportRecords(database, { accountId, id }, format, out);
  });
  // On the standard output is the export itself.
  if (out !== undefined)
    print(options, { id, format, out, records: count }, [`Wrote ${counted(count, "record")} to ${out}.`]);
}
