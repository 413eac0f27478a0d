import { type Sql, sql } from "../sql.ts";

/** A condition over the row of `brake`: workers are polite. An observation that no worker has renewed for 5 s says nothing. */
export const IS_BRAKED = sql`brake.braked_at IS NOT NULL
  AND brake.observed_at > clock_timestamp() - interval '5 seconds'`;

/** A row of `brake` as a `Braking`. */
const BRAKING = sql`json_build_object(
  'reason', COALESCE(reason, ''), 'sinceSeconds', floor(extract(epoch FROM braked_at))::int,
  'target', COALESCE(target, 1), 'measured', measured, 'recordsPerSecond', records_per_second)`;

/** A query: the brake as a `Braking`; null if workers are not polite. */
export const PRESENT_BRAKING: Sql = sql`(SELECT ${BRAKING} FROM bulk.brake WHERE ${IS_BRAKED})`;

/** The same over a row of `bulk_actions` under the name `bulk_action`: null also if that has ended. */
export const CURRENT_BRAKING: Sql = sql`(
  SELECT ${BRAKING} FROM bulk.brake WHERE bulk_action.finished_at IS NULL AND ${IS_BRAKED})`;
