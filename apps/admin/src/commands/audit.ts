import { type AuditEntry, listAuditEntries } from "@bulk/store/retention/audit";
import type { Command } from "commander";
import { findAccountId } from "../options/find-account.ts";
import { parseLimit, parseMoment } from "../options/parse-option.ts";
import { alignColumns, showMoment } from "../output/lines.ts";
import { nameApplied } from "../output/name-applied.ts";
import { type OutputOptions, print } from "../output/print.ts";
import { withSession } from "../session.ts";

/** `pnpm admin audit …` */
export function addAuditCommands(program: Command): void {
  const audit = program
    .command("audit")
    .description("show who changed which records when, including pruned bulk actions");
  audit
    .command("list")
    .description("list ended bulk actions, latest first")
    .option("--account <account>", "only of this account, by name or id")
    .option(
      "--since <moment>",
      "only those that ended since then: a date, or 7d for the last seven days",
      parseMoment,
    )
    .option("--limit <number>", "how many to list", parseLimit, 20)
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
  print(options, entries.map(nameApplied), alignColumns([HEAD, ...entries.map(toRow)]));
}

const HEAD = [
  "ended",
  "bulk action",
  "account",
  "type",
  "status",
  "records",
  "applied",
  "skipped",
  "failed",
  "left",
  "token",
  "canceled by",
  "pruned",
  "digest",
];

function toRow(entry: AuditEntry): readonly string[] {
  return [
    showMoment(entry.finishedAt),
    entry.bulkActionId,
    entry.accountName ?? entry.accountId,
    entry.actionType,
    entry.status,
    ...[entry.recordCount, entry.applied, entry.skipped, entry.failed, entry.notAttempted].map(String),
    entry.createdByTokenId ?? "-",
    entry.cancelRequestedBy ?? "-",
    showMoment(entry.prunedAt),
    entry.digest ?? "-",
  ];
}
