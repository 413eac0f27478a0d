import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../database.ts";
import { type Sql, sql, textArray } from "../sql.ts";
import { ENTRY_COLUMNS, JOURNAL_KINDS, type JournalEntry } from "./journal.ts";

/**
 * Lists what concerned one bulk action, oldest first: entries with its id; those that name no bulk action and, if any, its
 * account and its type, from its creation to its end; and the pauses and throttles from before that nobody had ended when it
 * was created, as far as they are among the latest thousand of their kind. At most `limit` of those with its id and of each
 * other kind, the newest ones. For operators only.
 */
export async function listJournalOf(
  database: Database,
  bulkAction: Pick<BulkAction, "id" | "accountId" | "actionType" | "createdAt" | "finishedAt">,
  limit: number,
): Promise<readonly JournalEntry[]> {
  const { id, accountId, actionType, createdAt, finishedAt } = bulkAction;
  return await database.$queryRaw`
    SELECT ${ENTRY_COLUMNS} FROM (
      (SELECT * FROM bulk.journal WHERE bulk_action_id = ${id}::uuid ORDER BY at DESC LIMIT ${limit})
      UNION ALL
      SELECT wide.* FROM unnest(${textArray(JOURNAL_KINDS)}::text[]) AS wanted (kind), LATERAL (
        SELECT * FROM bulk.journal
        WHERE bulk_action_id IS NULL AND journal.kind = wanted.kind
          AND at BETWEEN ${createdAt}::timestamptz AND COALESCE(${finishedAt}::timestamptz, 'infinity')
          AND (account_id IS NULL OR account_id = ${accountId}::uuid)
          AND (action_type IS NULL OR action_type = ${actionType})
        ORDER BY at DESC LIMIT ${limit}
      ) AS wide
      UNION ALL
      SELECT begun.* FROM (${lastingKinds(bulkAction)}) AS lasting, LATERAL (
        SELECT * FROM (${latestOf(sql`lasting.begin`, createdAt)}) AS journal WHERE ${IS_OF_LASTING}
        ORDER BY at DESC LIMIT 1
      ) AS begun
      WHERE NOT EXISTS (
        SELECT FROM (${latestOf(sql`lasting."end"`, createdAt)}) AS journal WHERE at >= begun.at AND ${IS_OF_LASTING}
      )
    ) AS entry ORDER BY at, id`;
}

// What lasts, what ends it, and what it is about: everything, the account, the type, or the type of the account. Workers that
// crash end neither a brake nor a hold in the journal, so these are left out.
function lastingKinds({ accountId, actionType }: Pick<BulkAction, "accountId" | "actionType">): Sql {
  return sql`
    SELECT * FROM (VALUES
      ('pause', 'resume', NULL::uuid, NULL::text), ('pause', 'resume', ${accountId}::uuid, NULL),
      ('pause', 'resume', NULL, ${actionType}), ('pause', 'resume', ${accountId}::uuid, ${actionType}),
      ('throttle', 'unthrottle', NULL, NULL), ('throttle', 'unthrottle', NULL, ${actionType}),
      ('pause_queue', 'resume_queue', NULL, NULL)
    ) AS kinds (begin, "end", account_id, action_type)`;
}

// Bounded: some pause each of thousands of accounts every day.
function latestOf(kind: Sql, before: Date): Sql {
  return sql`
    SELECT * FROM bulk.journal
    WHERE bulk_action_id IS NULL AND kind = ${kind} AND at < ${before}::timestamptz ORDER BY at DESC LIMIT 1000`;
}

// What may have been done counts as done.
const IS_OF_LASTING = sql`
  COALESCE(refusal, 'outcome_unknown') = 'outcome_unknown'
  AND journal.account_id IS NOT DISTINCT FROM lasting.account_id
  AND journal.action_type IS NOT DISTINCT FROM lasting.action_type`;

/** A condition over an entry: its bulk action was submitted by it. */
export const IS_SUBMISSION = sql`kind IN ('create', 'retry', 'restore') AND refusal IS NULL`;

/** Returns which operator submitted each of these bulk actions; those that no operator did are absent. For operators only. */
export async function findSubmitters(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await database.$queryRaw<{ id: string; by: string }[]>`
    SELECT bulk_action_id AS id, by FROM bulk.journal
    WHERE bulk_action_id = ANY (${textArray(ids)}::uuid[]) AND ${IS_SUBMISSION}`;
  return new Map(rows.map(({ id, by }) => [id, by]));
}

export type JournalQuery = {
  readonly limit: number;
  /** Only entries that are older than this one. */
  readonly before?: Pick<JournalEntry, "at" | "id"> | undefined;
};

/** Lists entries, newest first. For operators only. */
export async function listJournal(
  database: Database,
  { limit, before }: JournalQuery,
): Promise<readonly JournalEntry[]> {
  const condition =
    before === undefined ? sql`true` : sql`(at, id) < (${before.at}::timestamptz, ${before.id}::uuid)`;
  return await database.$queryRaw`
    SELECT ${ENTRY_COLUMNS} FROM bulk.journal WHERE ${condition} ORDER BY at DESC, id DESC LIMIT ${limit}`;
}
