import { type BulkActionStatus, isOpen } from "@bulk/domain/bulk-actions/bulk-action";
import type { RecordOutcome } from "@bulk/domain/bulk-actions/outcome";
import type { Database } from "../../database.ts";
import { OLDEST_HOLDING } from "../../operations/pauses.ts";
import { countMatching } from "../../records/count-matching.ts";
import { joinSql, PLANNED_EACH_TIME, type Sql, sql, textArray } from "../../sql.ts";
import { type BulkActionProgress, readProgress } from "../../watching/bulk-action-progress.ts";

/** Conditions on bulk actions of all accounts; an `undefined` one does not apply. */
export type AllFilter = {
  readonly ids: readonly string[] | undefined;
  readonly accountId: string | undefined;
  readonly statuses: readonly BulkActionStatus[] | undefined;
  readonly actionType: string | undefined;
  /** Created at this moment or later. */
  readonly createdFrom: Date | undefined;
  /** Created before this moment. */
  readonly createdBefore: Date | undefined;
  /** Has a record with one of these outcomes. */
  readonly outcomes: readonly RecordOutcome[] | undefined;
  /** Whether a pause holds it. */
  readonly isPaused: boolean | undefined;
};

/** A place between two bulk actions in the order of creation: beside this one. It need not exist any more. */
export type Cursor = { readonly createdAt: Date; readonly id: string };

/** `after`: older than the cursor; `before`: newer; neither: the newest. At most one is set. */
export type AllQuery = AllFilter & {
  readonly after: Cursor | undefined;
  readonly before: Cursor | undefined;
  readonly limit: number;
};

/** A bulk action as a list for operators shows it. */
export type ListedBulkAction = BulkActionProgress & {
  readonly accountName: string;
  /** Whether a pause holds it now. */
  readonly isPaused: boolean;
  /** Whether workers are slowing down for others now, and it has not ended. */
  readonly isBraked: boolean;
};

/** A page, newest first. */
export type AllBulkActions = {
  readonly rows: readonly ListedBulkAction[];
  /** `after` of the page of older ones; `undefined` if there are none. */
  readonly next: Cursor | undefined;
  /** `before` of the page of newer ones; `undefined` on the first page. */
  readonly previous: Cursor | undefined;
  /**
   * Set if matches are so rare that the page ends before it is full: when the last bulk action was created that was looked
   * at. `next`, or `previous` of a page `before` a cursor, goes on from there.
   */
  readonly lookedUntil: Date | undefined;
};

/** How many bulk actions a page looks at first. That is enough unless matches are rare, and takes some milliseconds. */
const FEW = 500;

/** The most that it looks at: 0.15 s on a busy machine. */
const MOST = 20_000;

/** The most where their chunks must be read, and about how many records they may have together: 1,000 make a chunk. */
const MOST_READ = 2_000;
const MOST_RECORDS_READ = 20_000_000;

/**
 * Lists bulk actions of all accounts, newest first. For operators only.
 *
 * Pages are stable while bulk actions are created: going on from a cursor shows each one once. A page of newer ones that would
 * not be full is the first page.
 */
export async function listAllBulkActions(database: Database, query: AllQuery): Promise<AllBulkActions> {
  const { after, before, limit } = query;
  const few = await findKeys(database, query, FEW);
  const most = query.outcomes === undefined ? MOST : MOST_READ;
  const isEnough = few.keys.length > limit || !few.isCut;
  const { keys, first, last, isCut } = isEnough ? few : await findKeys(database, query, most);
  const hasMore = keys.length > limit;
  if (before !== undefined && !hasMore && !isCut) {
    return await listAllBulkActions(database, { ...query, before: undefined });
  }
  const shown = keys.slice(0, limit);
  const stoppedAt = !hasMore && isCut ? last : undefined;
  const far = toCursor(hasMore ? shown.at(-1) : stoppedAt);
  const ends =
    before === undefined
      ? { next: far, previous: after && (toCursor(first) ?? after) }
      : { next: toCursor(first), previous: far };
  const rows = await describe(database, before === undefined ? shown : shown.toReversed());
  return { rows, ...ends, lookedUntil: stoppedAt?.createdAt };
}

function toCursor(key: Cursor | undefined): Cursor | undefined {
  return key && { createdAt: key.createdAt, id: key.id };
}

type Key = Cursor & { readonly accountId: string; readonly accountName: string };

/** In the order in which they were looked at: from the cursor on. */
type Found = {
  /** One more than the limit if there are more. */
  readonly keys: readonly Key[];
  readonly first: Cursor | undefined;
  readonly last: Cursor | undefined;
  /** Whether there may be more that were not looked at. */
  readonly isCut: boolean;
};

// The first and the last one that were looked at are rows as well. Planned for its values, it uses the index that fits them.
async function findKeys(database: Database, query: AllQuery, most: number): Promise<Found> {
  const readsChunks = query.outcomes !== undefined;
  const direction = query.before === undefined ? sql`DESC` : sql`ASC`;
  const order = sql`created_at ${direction}, id ${direction}`;
  const rows = await database.$queryRaw<(Key & { isMatch: boolean; isCut: boolean })[]>`
    WITH candidate AS MATERIALIZED (
      SELECT id, account_id, action_type, status, finished_at, created_at, row_number() OVER (ORDER BY ${order}) AS ordinal,
             sum(record_count) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - record_count AS records_before
      FROM ${isOpenOnly(query) ? OPEN_ACTIONS : ALL_ACTIONS} AS bulk_action
      WHERE ${selectCandidates(query)} ORDER BY ${order} LIMIT ${most}
    ),
    looked AS MATERIALIZED (
      SELECT * FROM candidate WHERE ${readsChunks ? sql`records_before < ${MOST_RECORDS_READ}` : sql`true`}
    ),
    seen AS (
      SELECT min(ordinal) AS first, max(ordinal) AS last,
             count(*) = ${most} OR count(*) < (SELECT count(*) FROM candidate) AS is_cut FROM looked
    )
    SELECT found.id, found.created_at AS "createdAt", found.account_id AS "accountId", accounts.name AS "accountName",
           found.is_match AS "isMatch", seen.is_cut AS "isCut"
    FROM (
      (SELECT id, account_id, created_at, ordinal, true AS is_match FROM looked AS bulk_action
       WHERE ${selectMatching(query)} ORDER BY ordinal LIMIT ${query.limit + 1})
      UNION ALL
      SELECT id, account_id, created_at, ordinal, false FROM looked, seen WHERE ordinal IN (first, last)
    ) AS found JOIN bulk.accounts ON accounts.id = found.account_id, seen
    ORDER BY found.ordinal ${PLANNED_EACH_TIME}`;
  return {
    keys: rows.filter(({ isMatch }) => isMatch),
    ...{ first: rows.at(0), last: rows.at(-1), isCut: rows.at(0)?.isCut === true },
  };
}

const ALL_ACTIONS = sql`bulk.bulk_actions`;

// Read by the index that has only these, whatever PostgreSQL guesses: there are few among very many.
const OPEN_ACTIONS = sql`(SELECT * FROM bulk.bulk_actions WHERE status IN ('pending', 'processing') OFFSET 0)`;

function isOpenOnly({ statuses, isPaused }: AllQuery): boolean {
  return isPaused === true || (statuses?.every(isOpen) ?? false);
}

/** The conditions that an index decides. */
function selectCandidates(query: AllQuery): Sql {
  const { ids, accountId, createdFrom, createdBefore, after, before } = query;
  return all([
    ids !== undefined && sql`id = ANY(${textArray(ids)}::uuid[])`,
    accountId !== undefined && sql`account_id = ${accountId}::uuid`,
    createdFrom !== undefined && sql`created_at >= ${createdFrom}::timestamptz`,
    createdBefore !== undefined && sql`created_at < ${createdBefore}::timestamptz`,
    after !== undefined && sql`(created_at, id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`,
    before !== undefined && sql`(created_at, id) > (${before.createdAt}::timestamptz, ${before.id}::uuid)`,
  ]);
}

function selectMatching({ statuses, actionType, outcomes, isPaused }: AllQuery): Sql {
  return all([
    statuses !== undefined && sql`status = ANY(${textArray(statuses)}::text[])`,
    actionType !== undefined && sql`action_type = ${actionType}`,
    isPaused !== undefined && sql`(${OLDEST_HOLDING} IS NOT NULL) = ${isPaused}`,
    outcomes !== undefined &&
      sql`EXISTS (SELECT FROM bulk.bulk_action_chunks chunk
                  WHERE chunk.bulk_action_id = bulk_action.id AND ${countMatching(outcomes)} > 0)`,
  ]);
}

function all(conditions: readonly (Sql | false)[]): Sql {
  return joinSql([sql`true`, ...conditions.filter((condition) => condition !== false)], " AND ");
}

async function describe(database: Database, keys: readonly Key[]): Promise<readonly ListedBulkAction[]> {
  const found = new Map((await readProgress(database, keys)).map((progress) => [progress.id, progress]));
  return keys.flatMap(({ id, accountName }) => {
    const progress = found.get(id);
    if (progress === undefined) return [];
    return {
      ...progress,
      accountName,
      isPaused: progress.paused !== null,
      isBraked: progress.braked !== null,
    };
  });
}
