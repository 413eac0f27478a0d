import { countProcessed } from "@bulk/domain/bulk-actions/action-outcome";
import { type BulkActionStatus, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import { counted } from "@bulk/domain/counted";
import { notCancelable, notPurgeable } from "@bulk/domain/errors/refusals";
import { startProgress } from "@bulk/service/process/show-progress";
import { cancelBulkAction } from "@bulk/store/bulk-actions/cancel-bulk-action";
import { listLatest } from "@bulk/store/bulk-actions/reading/latest-bulk-actions";
import { purgeBulkAction } from "@bulk/store/bulk-actions/restoring/purge-bulk-action";
import type { NewEntry } from "@bulk/store/journal/journal";
import { recordChange } from "@bulk/store/journal/record-change";
import type { BulkActionProgress } from "@bulk/store/watching/bulk-action-progress";
import { type Command, Option } from "commander";
import { EXPORT_FORMATS, type ExportFormat, exportRecords } from "../bulk-actions/export-records.ts";
import { followBulkAction } from "../bulk-actions/follow-bulk-action.ts";
import { restoreAsOperator } from "../bulk-actions/restore-as-operator.ts";
import { retryAsOperator } from "../bulk-actions/retry-as-operator.ts";
import { DID_NOT_SUCCEED } from "../exit-codes.ts";
import { knownActions } from "../known-actions.ts";
import { findAccountId } from "../options/find-account.ts";
import { loadProgress } from "../options/load-progress.ts";
import { nameOperator } from "../options/name-operator.ts";
import { parseId, parseLimit } from "../options/parse-option.ts";
import { describeBulkAction, summarize, tellCounts, toLines } from "../output/describe-bulk-action.ts";
import { alignColumns, showMoment } from "../output/lines.ts";
import { nameApplied } from "../output/name-applied.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin action …` */
export function addActionCommands(program: Command): void {
  const action = program
    .command("action")
    .description("inspect, cancel, retry, restore, purge and export bulk actions");
  action
    .command("list")
    .description("list bulk actions, newest first")
    .option("--account <account>", "only of this account, by name or id")
    .addOption(new Option("--status <statuses...>", "only with one of these statuses").choices(STATUSES))
    .option("--limit <number>", "how many to list", parseLimit, 20)
    .option("--json", "print JSON")
    .action(list);
  addIdCommand(action, "show", "show status, counts, reasons, and the state of its chunks").action(show);
  addIdCommand(action, "watch", "show its progress until it ends; exit with 4 unless it succeeded").action(
    watch,
  );
  addIdCommand(action, "cancel", "cancel it: no further chunk begins, running chunks finish").action(cancel);
  addIdCommand(action, "retry", "submit its failed and not attempted records again, as a new bulk action")
    .option("--failed-only", "only the failed records")
    .action(retry);
  addIdCommand(action, "restore", "bring back the records that it changed, by a new bulk action").action(
    restore,
  );
  addIdCommand(
    action,
    "purge",
    "delete what it keeps for a restore; it cannot be restored afterwards",
  ).action(purge);
  addIdCommand(action, "export", "write the outcome of every record")
    .addOption(
      new Option("--format <format>", "format of the lines").choices(EXPORT_FORMATS).default("ndjson"),
    )
    .option("--out <file>", "the file to write; default: standard output")
    .action(exportAll);
}

const STATUSES: readonly BulkActionStatus[] = ["pending", "processing", "succeeded", "completed", "invalid"];

function addIdCommand(action: Command, name: string, description: string): Command {
  return action
    .command(name)
    .description(description)
    .argument("<id>", "an id from pnpm admin action list", parseId)
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
    summary.id,
    summary.accountName,
    summary.actionType,
    summary.status,
    showMoment(summary.createdAt),
    `${summary.recordCount}: ${tellCounts(summary)}`,
  ]);
  const head = ["id", "account", "type", "status", "created", "records"];
  print(options, summaries.map(nameApplied), alignColumns([head, ...rows]));
}

async function show(id: string, options: OutputOptions): Promise<void> {
  const description = await withSession(async ({ database }) =>
    describeBulkAction(database, await loadProgress(database, id)),
  );
  print(options, nameApplied(description), toLines(description));
}

async function watch(id: string, options: OutputOptions): Promise<void> {
  const description = await withSession(async (session) => {
    const first = await loadProgress(session.database, id);
    const bar = options.json ? undefined : startProgress(first.recordCount, countProcessed(first));
    const ended = await followBulkAction(session, first, (progress) => bar?.show(countProcessed(progress)));
    bar?.end(countProcessed(ended));
    return await describeBulkAction(session.database, ended);
  });
  print(options, nameApplied(description), toLines(description));
  if (description.status !== "succeeded") process.exitCode = DID_NOT_SUCCEED;
}

function entryOf(
  kind: NewEntry["kind"],
  { id: bulkActionId, accountId, actionType }: BulkActionProgress,
): NewEntry {
  return { kind, by: nameOperator(), bulkActionId, accountId, actionType };
}

async function cancel(id: string, options: OutputOptions): Promise<void> {
  const progress = await withSession(async ({ database }) => {
    const found = await loadProgress(database, id);
    await recordChange(database, entryOf("cancel", found), async () => {
      const { kind } = await cancelBulkAction(database, found.accountId, id, "admin", knownActions());
      if (kind === "too_late") throw notCancelable();
    });
    return await loadProgress(database, id);
  });
  const summary = summarize(progress);
  const state = isOpen(progress.status)
    ? "is canceled; its running chunks finish"
    : `is canceled and has ended as ${progress.status}`;
  print(options, nameApplied(summary), [`${id} ${state}: ${tellCounts(summary)}.`]);
}

type RetryOptions = OutputOptions & { readonly failedOnly?: true };

async function retry(id: string, { failedOnly, ...options }: RetryOptions): Promise<void> {
  const taking = failedOnly ? "failed" : "failed_and_untouched";
  const created = await withSession(async (session) => {
    const found = await loadProgress(session.database, id);
    const entry = { ...entryOf("retry", found), detail: failedOnly ? "only the failed records" : undefined };
    const createdId = await recordChange(
      session.database,
      entry,
      () => retryAsOperator(session, found, taking),
      (created) => created,
    );
    return await loadProgress(session.database, createdId);
  });
  print(options, nameApplied(summarize(created)), [
    `${created.id} retries ${counted(created.recordCount, "record")}. Watch it: pnpm admin action watch ${created.id}`,
  ]);
}

async function restore(id: string, options: OutputOptions): Promise<void> {
  const created = await withSession(async (session) => {
    const found = await loadProgress(session.database, id);
    const createdId = await recordChange(
      session.database,
      entryOf("restore", found),
      () => restoreAsOperator(session, found),
      (created) => created,
    );
    return await loadProgress(session.database, createdId);
  });
  print(options, nameApplied(summarize(created)), [
    `${created.id} restores ${counted(created.recordCount, "record")}. Watch it: pnpm admin action watch ${created.id}`,
  ]);
}

async function purge(id: string, options: OutputOptions): Promise<void> {
  const progress = await withSession(async ({ database }) => {
    const found = await loadProgress(database, id);
    await recordChange(database, entryOf("purge", found), async () => {
      const { kind } = await purgeBulkAction(database, found.accountId, id, "admin");
      if (kind !== "purged") throw notPurgeable(kind);
    });
    return await loadProgress(database, id);
  });
  print(options, nameApplied(summarize(progress)), [`${id} keeps nothing for a restore.`]);
}

type ExportOptions = OutputOptions & { readonly format: ExportFormat; readonly out?: string };

async function exportAll(id: string, { format, out, ...options }: ExportOptions): Promise<void> {
  const count = await withSession(async ({ database }) => {
    return await exportRecords(database, await loadProgress(database, id), format, out);
  });
  // Without --out, standard output has the export itself.
  if (out !== undefined)
    print(options, { id, format, out, records: count }, [`Wrote ${counted(count, "record")} to ${out}.`]);
}
