import type { Database } from "../database.ts";
import { textArray } from "../sql.ts";
import { IS_BRAKED } from "./brake.ts";

/** What one look at the database shows about other users of it, and what workers know already. */
export type BrakeLook = {
  /** Whether others were at work within `quietMs`. */
  readonly isShopActive: boolean;
  /** When others were last seen at work, for `writeBrake`. */
  readonly othersAt: string | null;
  /** Whether a session of others waits for a lock of ours. */
  readonly isAwaited: boolean;
  /** Sessions whose activity this user may not see. They count as active. */
  readonly hiddenCount: number;
  /** `undefined`: no worker has ever slowed down, or the server has crashed since. */
  readonly state: BrakeState | undefined;
};

/** How workers slow down, as the last of them wrote it. */
export type BrakeState = {
  /** Names the version of the row. */
  readonly version: string;
  readonly isBraked: boolean;
  readonly reason: string | null;
  readonly measured: number | null;
  readonly recordsPerSecond: number | null;
  readonly sliceSize: number;
  readonly duty: number;
  readonly ageMs: number;
};

/**
 * Looks at all sessions of this database: one statement that writes nothing. Ours have an application name that begins
 * with `bulk-actions`, or the name and user of this session. Autovacuum, replication and background workers do not
 * count, nor do sessions of other databases.
 *
 * @param quietMs how long others must have done nothing before the shop counts as silent
 * @param queueNames of our queues: BullMQ's listeners in PostgreSQL name their connections so
 */
export async function lookAround(
  database: Database,
  quietMs: number,
  queueNames: readonly string[],
): Promise<BrakeLook> {
  const [row] = await database.$queryRaw<LookRow[]>`
    WITH sessions AS MATERIALIZED (
      SELECT pid, backend_type IS NULL AS is_hidden,
             application_name LIKE 'bulk-actions%'
               OR (application_name = current_setting('application_name') OR application_name = ANY (${textArray(queueNames)}))
                 AND usename = current_user AS is_ours,
             CASE WHEN state LIKE 'idle%' THEN state_change ELSE clock_timestamp() END AS active_at
      FROM pg_stat_activity
      WHERE datname = current_database() AND usesysid IS NOT NULL
        AND COALESCE(backend_type, 'client backend') = 'client backend'
        AND NOT (backend_type IS NULL AND pid IN (SELECT pid FROM pg_stat_replication))
        -- A connection that is being opened, perhaps ours, has no application name yet.
        AND NOT (backend_type IS NOT NULL AND COALESCE(state, 'starting') = 'starting')
    ),
    others AS (SELECT * FROM sessions WHERE is_ours IS NOT TRUE),
    seen AS (
      SELECT max(active_at) AS others_at, (count(*) FILTER (WHERE is_hidden))::int AS hidden_count FROM others
    )
    SELECT GREATEST(seen.others_at, brake.others_at)::text AS "othersAt",
           GREATEST(seen.others_at, brake.others_at)
             > clock_timestamp() - make_interval(secs => ${quietMs}::float8 / 1000) AS "isShopActive",
           EXISTS (
             SELECT FROM pg_locks JOIN others USING (pid)
             WHERE NOT granted AND EXISTS (
               SELECT FROM sessions WHERE is_ours AND sessions.pid = ANY (pg_blocking_pids(others.pid))
             )
           ) AS "isAwaited",
           hidden_count AS "hiddenCount", brake.observed_at::text AS version, braked_at IS NOT NULL AS "isBraked",
           reason, measured, records_per_second AS "recordsPerSecond", slice_size AS "sliceSize", duty,
           (1000 * extract(epoch FROM clock_timestamp() - observed_at))::float8 AS "ageMs"
    FROM seen LEFT JOIN bulk.brake ON true`;
  if (row === undefined) throw new Error("The look at the sessions returned no row.");
  const { isShopActive, othersAt, isAwaited, hiddenCount, version, sliceSize, duty, ...rest } = row;
  const state =
    version === null || sliceSize === null || duty === null
      ? undefined
      : { ...rest, version, sliceSize, duty };
  return { isShopActive: isShopActive === true, othersAt, isAwaited, hiddenCount, state };
}

type LookRow = Omit<BrakeLook, "state" | "isShopActive"> &
  Omit<BrakeState, "version" | "sliceSize" | "duty"> & {
    readonly isShopActive: boolean | null;
    readonly version: string | null;
    readonly sliceSize: number | null;
    readonly duty: number | null;
  };

/** What a worker makes of a look. */
export type BrakeSetting = {
  readonly isBraked: boolean;
  readonly reason: string | null;
  readonly target: number;
  readonly measured: number | null;
  readonly sliceSize: number;
  readonly duty: number;
  readonly othersAt: string | null;
};

/**
 * Writes how workers slow down. Returns whether it did: not when another worker has written since the look.
 *
 * @param version of the state that the look returned
 */
export async function writeBrake(
  database: Database,
  version: string | undefined,
  setting: BrakeSetting,
): Promise<boolean> {
  const { isBraked, reason, target, measured, sliceSize, duty, othersAt } = setting;
  const written = await database.$executeRaw`
    INSERT INTO bulk.brake AS brake (braked_at, reason, target, measured, slice_size, duty, others_at, observed_at)
    SELECT CASE WHEN ${isBraked} THEN now END, ${reason}, ${target}::float8, ${measured}::float8, ${sliceSize}::int,
           ${duty}::float8, ${othersAt}::timestamptz, now
    FROM clock_timestamp() AS now
    ON CONFLICT (id) DO UPDATE SET
      braked_at = CASE WHEN ${IS_BRAKED} AND excluded.braked_at IS NOT NULL THEN brake.braked_at
                       ELSE excluded.braked_at END,
      records_per_second = CASE WHEN ${IS_BRAKED} THEN brake.records_per_second END,
      reason = excluded.reason, target = excluded.target, measured = excluded.measured,
      slice_size = excluded.slice_size, duty = excluded.duty,
      others_at = excluded.others_at, observed_at = excluded.observed_at
    WHERE brake.observed_at = ${version ?? null}::timestamptz`;
  return written > 0;
}
