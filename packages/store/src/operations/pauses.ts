import type { ChunkSource } from "../chunks/claim-chunk.ts";
import type { Database } from "../database.ts";
import { type Sql, sql } from "../sql.ts";
import { fromKey, type OperatorScope, type PauseScope, toKey } from "./pause-scope.ts";

/** A pause: no chunk is begun within its scope. */
export type Pause = {
  readonly scope: PauseScope;
  /** The name of the scope's account; null without one, or if it no longer exists. */
  readonly accountName: string | null;
  readonly reason: string | null;
  /** The operator, in free text; or the safety catch. */
  readonly pausedBy: string;
  readonly pausedAt: Date;
};

/**
 * Sets a pause. Within about a second no worker begins a chunk in its scope. Pauses stack. Repeating a pause keeps its
 * moment and replaces its words. Returns whether it is set: not if its scope is a bulk action that has ended, or that is not
 * there.
 */
export async function pause(
  database: Database,
  scope: OperatorScope,
  { reason, pausedBy }: Pick<Pause, "reason" | "pausedBy">,
): Promise<boolean> {
  const key = toKey(scope);
  const setCount = await database.$executeRaw`
    INSERT INTO bulk.pauses (scope, subject, reason, paused_by)
    SELECT scope, subject, ${reason}, ${pausedBy}
    FROM (VALUES (${key.scope}::text, ${key.subject}::text)) AS pauses (scope, subject)
    WHERE NOT ${HAS_ENDED}
    ON CONFLICT (scope, subject) DO UPDATE SET reason = excluded.reason, paused_by = excluded.paused_by`;
  return setCount > 0;
}

/** Removes this pause; others may still hold the same bulk actions. Returns whether it existed. */
export async function resume(database: Database, scope: OperatorScope): Promise<boolean> {
  const { count } = await database.pause.deleteMany({ where: toKey(scope) });
  return count > 0;
}

/** Deletes the pauses of single bulk actions that have ended. No list has them any more. */
export async function dropEndedPauses(database: Database): Promise<void> {
  await database.$executeRaw`DELETE FROM bulk.pauses WHERE ${HAS_ENDED}`;
}

/** Lists all pauses, oldest first. */
export async function listPauses(database: Database): Promise<readonly Pause[]> {
  return await selectPauses(database, sql`true`);
}

/** Lists the pauses that hold this bulk action, oldest first; none if it has ended. */
export async function listPausesOf(database: Database, bulkActionId: string): Promise<readonly Pause[]> {
  return await selectPauses(
    database,
    sql`EXISTS (SELECT FROM bulk.bulk_actions
                WHERE id = ${bulkActionId}::uuid AND finished_at IS NULL AND ${holds(BULK_ACTIONS)})`,
  );
}

async function selectPauses(database: Database, condition: Sql): Promise<readonly Pause[]> {
  const rows = await database.$queryRaw<PauseRow[]>`
    SELECT scope, subject, accounts.name AS "accountName", reason,
           paused_by AS "pausedBy", paused_at AS "pausedAt"
    FROM bulk.pauses LEFT JOIN bulk.accounts ON scope = 'account' AND accounts.id::text = split_part(subject, ' ', 1)
    WHERE ${IS_IN_FORCE} AND NOT ${HAS_ENDED} AND ${condition}
    ORDER BY paused_at`;
  return rows.map(({ scope, subject, ...words }) => ({ scope: fromKey(scope, subject), ...words }));
}

type PauseRow = Omit<Pause, "scope"> & { readonly scope: string; readonly subject: string };

// A condition over a row of `pauses`. A worker that has ended does not renew its pauses.
const IS_IN_FORCE = sql`(expires_at IS NULL OR expires_at > clock_timestamp())`;

// A condition over a row of `pauses`: it is the pause of a bulk action that has ended. Its account and type are compared, too,
// so that no text that was put together wrongly counts as a pause.
const HAS_ENDED = sql`(
  CASE WHEN scope = 'account' AND split_part(subject, ' ', 3) <> ''
    THEN NOT EXISTS (SELECT FROM bulk.bulk_actions AS named
                     WHERE named.id = split_part(subject, ' ', 3)::uuid AND named.finished_at IS NULL
                       AND named.account_id || ' ' || named.action_type || ' ' || named.id = subject)
    ELSE false END)`;

// A condition over a row of `pauses` and one of `bulk_actions`, by the name that the row has in the query.
function holds(bulkAction: Sql): Sql {
  return sql`(
  scope = 'all'
  OR (scope = 'account' AND subject IN (${bulkAction}.account_id::text,
                                        ${bulkAction}.account_id || ' ' || ${bulkAction}.action_type,
                                        ${bulkAction}.account_id || ' ' || ${bulkAction}.action_type || ' ' || ${bulkAction}.id))
  OR (scope IN ('action_type', 'declaration') AND subject = ${bulkAction}.action_type))`;
}

const BULK_ACTIONS = sql`bulk_actions`;

/** A condition over a row of `bulk_actions`: some pause holds it. */
export const IS_PAUSED = sql`EXISTS (SELECT FROM bulk.pauses WHERE ${IS_IN_FORCE} AND ${holds(BULK_ACTIONS)})`;

/**
 * A query over a row of `bulk_actions` under the name `bulk_action`: the oldest pause that holds it now, as a `Holding`;
 * null if none does, or if it has ended. An operator's reason is for operators, so it is left out.
 */
export const OLDEST_HOLDING: Sql = sql`(
  SELECT json_build_object('sinceSeconds', floor(extract(epoch FROM paused_at))::int,
                           'reason', CASE WHEN scope = 'declaration' THEN reason END)
  FROM bulk.pauses WHERE bulk_action.finished_at IS NULL AND ${IS_IN_FORCE} AND ${holds(sql`bulk_action`)}
  ORDER BY paused_at, scope, subject LIMIT 1)`;

/**
 * Ends the generation of a bulk action that is paused now. Every lane then ends with its next turn, so none is left
 * when the sweeper starts all of them again after the pause. Returns whether it was paused.
 */
export async function endLanesIfPaused(
  database: Database,
  { bulkActionId, generation }: Pick<ChunkSource, "bulkActionId" | "generation">,
): Promise<boolean> {
  const endedCount = await database.$executeRaw`
    UPDATE bulk.bulk_actions SET generation = generation + 1
    WHERE id = ${bulkActionId}::uuid AND generation = ${generation} AND ${IS_PAUSED}`;
  return endedCount > 0;
}
