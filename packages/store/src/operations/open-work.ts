import type { Braking } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../database.ts";
import { sql } from "../sql.ts";
import { PRESENT_BRAKING } from "./brake.ts";
import { IS_PAUSED } from "./pauses.ts";

/** The open bulk actions of all accounts by state. */
export type OpenWork = {
  readonly running: number;
  /** Accepted, and not started yet. */
  readonly waiting: number;
  /** Held by a pause. */
  readonly paused: number;
  readonly canceling: number;
  /** Not paused, and nothing has happened to them for five minutes. */
  readonly stuck: number;
  /** The one of these that stands still for the longest time. */
  readonly stuckId: string | null;
  /** With a chunk that the database has refused and that is not finished. */
  readonly inTrouble: number;
  readonly inTroubleId: string | null;
  /** The oldest one that is open. */
  readonly oldestId: string | null;
  readonly oldestCreatedAt: Date | null;
  /** There are more open ones than were counted. */
  readonly isMore: boolean;
  /** How workers slow down for others; null if they do not. */
  readonly braked: Braking | null;
};

/** More open bulk actions are not counted, and no more of their unfinished chunks are looked at. */
const MOST_COUNTED = 10_000;

const STUCK_SECONDS = 300;

/** Counts the open bulk actions, at most 10,000, and finds those that need a look. For operators only. */
export async function readOpenWork(database: Database): Promise<OpenWork> {
  const [work] = await database.$queryRaw<OpenWork[]>`
    WITH open AS MATERIALIZED (
      SELECT id, status, created_at, updated_at, cancel_requested_at IS NOT NULL AS is_canceled, ${IS_PAUSED} AS is_paused
      FROM bulk.bulk_actions WHERE status IN ('pending', 'processing') ORDER BY updated_at LIMIT ${MOST_COUNTED}
    ),
    stuck AS (
      SELECT id, updated_at FROM open
      WHERE NOT is_paused AND updated_at < clock_timestamp() - make_interval(secs => ${STUCK_SECONDS})
    ),
    troubled AS (
      SELECT DISTINCT bulk_action_id AS id FROM (
        SELECT bulk_action_id, attempts, slice_size FROM bulk.bulk_action_chunks
        WHERE finished_at IS NULL LIMIT ${MOST_COUNTED}) AS unfinished
      WHERE attempts > 0 OR slice_size IS NOT NULL
    )
    SELECT count(*) FILTER (WHERE NOT is_canceled AND NOT is_paused AND status = 'processing')::int AS running,
           count(*) FILTER (WHERE NOT is_canceled AND NOT is_paused AND status = 'pending')::int AS waiting,
           count(*) FILTER (WHERE NOT is_canceled AND is_paused)::int AS paused,
           count(*) FILTER (WHERE is_canceled)::int AS canceling,
           (SELECT count(*)::int FROM stuck) AS stuck,
           (SELECT id FROM stuck ORDER BY updated_at LIMIT 1) AS "stuckId",
           (SELECT count(*)::int FROM troubled) AS "inTrouble",
           (SELECT id FROM troubled ORDER BY id LIMIT 1) AS "inTroubleId",
           (SELECT id FROM open ORDER BY created_at, id LIMIT 1) AS "oldestId", min(created_at) AS "oldestCreatedAt",
           count(*) = ${MOST_COUNTED} AS "isMore", ${PRESENT_BRAKING} AS braked
    FROM open`;
  if (work === undefined) throw new Error("An aggregate returned no row.");
  return work;
}

/** Open bulk actions, and how many records they have. */
export type OpenCount = {
  readonly actionCount: number;
  readonly recordCount: number;
  /** There may be more than were looked at. */
  readonly isMore: boolean;
};

/** What is counted: the open bulk actions of an account, of a type, of both, or all. */
export type OpenScope = { readonly accountId?: string | undefined; readonly actionType?: string | undefined };

/** Counts open bulk actions; at most 10,000 of the account, or of all, are looked at. For operators only. */
export async function countOpen(
  database: Database,
  { accountId, actionType }: OpenScope,
): Promise<OpenCount> {
  const isOfAccount = accountId === undefined ? sql`true` : sql`account_id = ${accountId}::uuid`;
  const isOfType = actionType === undefined ? sql`true` : sql`action_type = ${actionType}`;
  const [found] = await database.$queryRaw<OpenCount[]>`
    SELECT count(*) FILTER (WHERE ${isOfType})::int AS "actionCount",
           COALESCE(sum(record_count) FILTER (WHERE ${isOfType}), 0)::float8 AS "recordCount",
           count(*) = ${MOST_COUNTED} AS "isMore"
    FROM (SELECT action_type, record_count FROM bulk.bulk_actions
          WHERE status IN ('pending', 'processing') AND ${isOfAccount} LIMIT ${MOST_COUNTED}) AS open`;
  if (found === undefined) throw new Error("An aggregate returned no row.");
  return found;
}
