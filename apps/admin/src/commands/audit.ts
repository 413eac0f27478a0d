import { type AuditEntry, listAuditEntries } from "@bulk/store/audit";
import type { Command } from "commander";
import { findAccountId } from "../find-account.ts";
import { alignColumns, showMoment } from "../lines.ts";
import { parseLimit, parseMoment } from "../parse-option.ts";
import { type OutputOptions, print } from "../print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin audit …` */
export function addAuditCommands(program: Command): void {
  const audit = program.command("audit").description("who had what deleted when, also of what is pruned");
  audit
    .command("list")
    .description("what ended, latest first")
    .option("--account <account>", "only its, by name or id")
    .option("--since <moment>", "only what ended since: a date, or 7d for the last seven days", parseMoment)
    .option("--limit <number>", "how many", parseLimit, 20)
    .option("--json", "print JSON")
    .action(list);
}

type ListOptions = OutputOptions & {
  readonly account?: string;
  readonly since?: Date;
  readonly limit: number;
};

async function list({ account, since, limit, ...options }: ListOptions): Promise<void> {
  const entries = await withSession(async ({ database }) =>
    listAuditEntries(database, { accountId: await findAccountId(database, account), since, limit }),
  );
  print(options, entries, alignColumns([HEAD, ...entries.map(toRow)]));
}

const HEAD = [
  ...["ended", "bulk action", "account", "type", "status", "records", "deleted", "skipped", "failed", "left"],
  ...["token", "canceled by", "pruned", "digest"],
];

function toRow(entry: AuditEntry): readonly string[] {
  return [
    ...[showMoment(entry.finishedAt), entry.bulkActionId, entry.accountName ?? entry.accountId],
    ...[entry.actionType, entry.status],
    ...[entry.recordCount, entry.deleted, entry.skipped, entry.failed, entry.notAttempted].map(String),
    ...[entry.createdByTokenId ?? "-", entry.cancelRequestedBy ?? "-"],
    ...[showMoment(entry.prunedAt), entry.digest ?? "-"],
  ];
}
