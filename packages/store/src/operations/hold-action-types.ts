import type { Database } from "../database.ts";

/** An action type that is held, and why. */
export type Hold = {
  readonly actionType: string;
  /** In one line; contains names of the schema only. */
  readonly reason: string;
};

/** Who holds, as pauses and the journal name it. */
export const SAFETY_CATCH = "the safety catch";

/** How long a hold lasts that nobody renews. */
const HOLD_SECONDS = 5;

/**
 * Sets or renews a pause of each action type, of the scope `declaration`. It ends by itself after five seconds without
 * renewal: a worker that ends, or whose declaration fits again, need not remove it. Returns those that nobody held before.
 */
export async function holdActionTypes(database: Database, holds: readonly Hold[]): Promise<readonly Hold[]> {
  const [types, reasons] = [holds.map(({ actionType }) => actionType), holds.map(({ reason }) => reason)];
  const held = await database.$queryRaw<(Hold & { readonly isNew: boolean })[]>`
    WITH moment AS MATERIALIZED (SELECT clock_timestamp()::timestamptz(3) AS now)
    INSERT INTO bulk.pauses (scope, subject, reason, paused_by, paused_at, expires_at)
    SELECT 'declaration', action_type, reason, ${SAFETY_CATCH}, now, now + make_interval(secs => ${HOLD_SECONDS})
    FROM moment, unnest(${types}::text[], ${reasons}::text[]) AS held (action_type, reason)
    ORDER BY action_type
    ON CONFLICT (scope, subject) DO UPDATE SET
      reason = EXCLUDED.reason, expires_at = EXCLUDED.expires_at,
      paused_at = CASE WHEN pauses.expires_at > clock_timestamp() THEN pauses.paused_at ELSE EXCLUDED.paused_at END
    RETURNING subject AS "actionType", reason, paused_at = (SELECT now FROM moment) AS "isNew"`;
  return held.filter(({ isNew }) => isNew);
}

/**
 * Ends the holds of these action types. A worker whose declaration does not fit sets its own again within a second. Returns
 * those that were held.
 */
export async function releaseActionTypes(
  database: Database,
  actionTypes: readonly string[],
): Promise<readonly string[]> {
  const released = await database.$queryRaw<{ actionType: string }[]>`
    DELETE FROM bulk.pauses WHERE scope = 'declaration' AND subject = ANY (${actionTypes}::text[])
    RETURNING subject AS "actionType"`;
  return released.map(({ actionType }) => actionType);
}

/** Lists the action types that some worker holds now. */
export async function listHolds(database: Database): Promise<readonly Hold[]> {
  return await database.$queryRaw`
    SELECT subject AS "actionType", COALESCE(reason, '') AS reason FROM bulk.pauses
    WHERE scope = 'declaration' AND expires_at > clock_timestamp()
    ORDER BY subject`;
}
