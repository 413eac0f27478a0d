import type { Database } from "../database.ts";
import { sql } from "../sql.ts";

/**
 * What can happen to work, beside its own progress. `pause_queue` and `resume_queue`: in Bull Board. `brake` and `release`:
 * workers slow down for other users of the database, and run at full speed again. `hold` and `let_go`: the safety catch
 * begins no chunk of an action type, and begins some again.
 */
export const JOURNAL_KINDS = [
  ...(["create", "cancel", "retry", "restore", "purge", "redeliver"] as const),
  ...(["pause", "resume", "throttle", "unthrottle", "pause_queue", "resume_queue"] as const),
  ...(["brake", "release", "hold", "let_go"] as const),
] as const;

export type JournalKind = (typeof JOURNAL_KINDS)[number];

/** Who or what changed how work runs. */
export type JournalEntry = {
  readonly id: string;
  readonly at: Date;
  readonly kind: JournalKind;
  /** A user, in free text; or the brake, or the safety catch. */
  readonly by: string;
  /** `null` here and in the next two: not only one. */
  readonly bulkActionId: string | null;
  readonly accountId: string | null;
  readonly actionType: string | null;
  /** Also `null` if the account is no longer there. */
  readonly accountName: string | null;
  readonly detail: string | null;
  /** Why nothing was changed, or `outcome_unknown`; `null`: it was changed. */
  readonly refusal: string | null;
};

/** An entry to be written. Of `by` the first 200 characters are kept, of `detail` the first 500. */
export type NewEntry = {
  readonly kind: JournalKind;
  readonly by: string;
  readonly bulkActionId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly actionType?: string | undefined;
  readonly detail?: string | undefined;
};

/** Writes down what has happened. */
export async function noteInJournal(database: Database, entry: NewEntry): Promise<void> {
  await insertEntry(database, entry, null);
}

/** Writes an entry. Returns its id. */
export async function insertEntry(
  database: Database,
  { kind, by, bulkActionId, accountId, actionType, detail }: NewEntry,
  refusal: string | null,
): Promise<string> {
  const [row] = await database.$queryRaw<{ id: string }[]>`
    INSERT INTO bulk.journal (kind, by, bulk_action_id, account_id, action_type, detail, refusal)
    VALUES (${kind}, left(${by}, 200), ${bulkActionId ?? null}::uuid, ${accountId ?? null}::uuid, ${actionType ?? null},
            left(${detail ?? null}, 500), ${refusal})
    RETURNING id`;
  if (row === undefined) throw new Error("The entry of the journal was not written.");
  return row.id;
}

/** Columns of `journal` as a `JournalEntry`. */
export const ENTRY_COLUMNS = sql`id, at, kind, by, bulk_action_id AS "bulkActionId", account_id AS "accountId",
  action_type AS "actionType", (SELECT name FROM bulk.accounts WHERE accounts.id = account_id) AS "accountName",
  detail, refusal`;

/** Deletes some entries that are older than `retentionDays`; the next call continues. */
export async function pruneJournal(database: Database, retentionDays: number): Promise<void> {
  await database.$executeRaw`
    DELETE FROM bulk.journal WHERE id IN (
      SELECT id FROM bulk.journal WHERE at < now() - make_interval(days => ${retentionDays}) ORDER BY at LIMIT 1000)`;
}
