import type { Database } from "../database.ts";
import { type Sql, sql } from "../sql.ts";

/** A limit on the records that all workers together may try in a second. */
export type Throttle = {
  /** `null`: all types together. */
  readonly actionType: string | null;
  readonly recordsPerSecond: number;
  /** The operator, in free text. */
  readonly setBy: string;
  readonly setAt: Date;
};

/** Sets or replaces the throttle of a type, or of all types together. */
export async function setThrottle(database: Database, throttle: Omit<Throttle, "setAt">): Promise<void> {
  const { actionType, recordsPerSecond, setBy } = throttle;
  await database.$executeRaw`
    INSERT INTO bulk.throttles (action_type, records_per_second, set_by)
    VALUES (${toKey(actionType)}, ${recordsPerSecond}, ${setBy})
    ON CONFLICT (action_type) DO UPDATE SET
      records_per_second = excluded.records_per_second, set_by = excluded.set_by, set_at = excluded.set_at`;
}

/** Removes a throttle. Returns whether it existed. */
export async function clearThrottle(database: Database, actionType: string | null): Promise<boolean> {
  const { count } = await database.throttle.deleteMany({ where: { actionType: toKey(actionType) } });
  return count > 0;
}

/** Lists all throttles, the one of all types together first. */
export async function listThrottles(database: Database): Promise<readonly Throttle[]> {
  const rows = await database.throttle.findMany({ orderBy: { actionType: "asc" } });
  return rows.map(({ actionType, recordsPerSecond, setBy, setAt }) => ({
    actionType: actionType === ALL_TYPES ? null : actionType,
    recordsPerSecond,
    setBy,
    setAt,
  }));
}

/** A turn's request for budget before a try. */
export type BudgetRequest = {
  readonly actionType: string;
  readonly mostRecords: number;
  /** Whether it may spend a little ahead, so that a small bulk action does not wait behind large ones. */
  readonly isOpening: boolean;
};

export type Budget =
  | { readonly kind: "granted"; readonly recordCount: number }
  | { readonly kind: "exhausted"; readonly dueInMs: number }
  /** No throttle applies to this type. */
  | { readonly kind: "unlimited" };

/**
 * Debits the throttles of this type and of all types for one try, at most the budget of a tenth of a second. It is one
 * short statement, so no turn holds a lock while it waits. If the budget is exhausted, returns when to try again: a
 * little later for each turn, so that they do not all return at once, and after a second at most.
 *
 * Up to a fifth of a second of unused budget is kept for turns that come late.
 */
export async function takeBudget(database: Database, request: BudgetRequest): Promise<Budget> {
  const { actionType, mostRecords, isOpening } = request;
  const lead = isOpening ? 0.3 : 0;
  const [row] = await database.$queryRaw<BudgetRow[]>`
    WITH throttle AS MATERIALIZED (
      SELECT * FROM bulk.throttles WHERE ${concerns(actionType)} ORDER BY action_type FOR UPDATE
    ),
    moment AS MATERIALIZED (
      -- After every lock is taken.
      SELECT clock_timestamp() AS now FROM (SELECT count(*) FROM throttle) AS locked
    ),
    judged AS MATERIALIZED (
      SELECT throttle.*, now, spent_until > now + make_interval(secs => ${lead}) AS is_exhausted
      FROM throttle, moment
    ),
    plan AS MATERIALIZED (
      SELECT LEAST(${mostRecords}::int, GREATEST(1, min(records_per_second) / 10)) AS record_count,
             bool_or(is_exhausted) AS is_exhausted,
             LEAST(max(GREATEST(spent_until, called_until)) FILTER (WHERE is_exhausted),
                   min(now) + interval '1 second') AS due_at
      FROM judged
    ),
    debited AS (
      UPDATE bulk.throttles SET
        spent_until = CASE WHEN plan.is_exhausted THEN throttles.spent_until
          ELSE GREATEST(throttles.spent_until, now - interval '0.2 seconds') + ${worth(sql`record_count`)} END,
        called_until = CASE WHEN judged.is_exhausted THEN due_at + ${worth(sql`record_count`)}
          ELSE throttles.called_until END
      FROM judged, plan
      WHERE throttles.action_type = judged.action_type
    )
    SELECT record_count AS "recordCount", is_exhausted AS "isExhausted",
           ceil(1000 * extract(epoch FROM due_at - now))::int AS "dueInMs"
    FROM plan, moment`;
  if (row === undefined || row.isExhausted === null) return { kind: "unlimited" };
  if (row.isExhausted) return { kind: "exhausted", dueInMs: Math.max(row.dueInMs ?? 0, 1) };
  return { kind: "granted", recordCount: row.recordCount };
}

type BudgetRow = {
  readonly recordCount: number;
  /** `null`: there is no throttle. */
  readonly isExhausted: boolean | null;
  readonly dueInMs: number | null;
};

/** Returns the budget that a try did not use. */
export async function returnBudget(
  database: Database,
  actionType: string,
  recordCount: number,
): Promise<void> {
  await database.$executeRaw`
    UPDATE bulk.throttles SET spent_until = spent_until - ${worth(sql`${recordCount}`)}
    WHERE ${concerns(actionType)}`;
}

const ALL_TYPES = "";

function toKey(actionType: string | null): string {
  return actionType ?? ALL_TYPES;
}

function concerns(actionType: string): Sql {
  return sql`action_type IN (${ALL_TYPES}, ${actionType})`;
}

function worth(recordCount: Sql): Sql {
  return sql`make_interval(secs => ${recordCount}::float8 / throttles.records_per_second)`;
}
