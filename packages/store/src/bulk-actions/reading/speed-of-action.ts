import type { Database } from "../../database.ts";

/** How many records got their outcome over time. */
export type Speed = {
  /** When the bulk action started. */
  readonly from: Date;
  readonly secondsPerBucket: number;
  /** One number for each bucket, the last of which ends at or after the end of the bulk action, or now. */
  readonly records: readonly number[];
};

/**
 * Reads how many records got their outcome when, from the start of the bulk action to its end, or to now, in equal buckets of
 * whole seconds. Returns `undefined` if it does not exist or has not started. For operators only.
 *
 * Of a chunk only the time of its last outcome is known, so all of its records count then. Reads no ids.
 *
 * @param buckets how many there may be
 */
export async function readSpeed(database: Database, id: string, buckets = 60): Promise<Speed | undefined> {
  const [speed] = await database.$queryRaw<Speed[]>`
    WITH span AS (
      SELECT id, started_at, floor(extract(epoch FROM COALESCE(finished_at, now()) - started_at)) AS seconds
      FROM bulk.bulk_actions WHERE id = ${id}::uuid AND started_at IS NOT NULL
    ),
    scale AS (SELECT id, started_at, seconds, GREATEST(1, ceil((seconds + 1) / ${buckets}::numeric)) AS width FROM span),
    counted AS (
      SELECT LEAST(GREATEST(floor(extract(epoch FROM progressed_at - started_at)), 0), seconds)::int / width::int AS bucket,
             sum(done_count)::int AS records
      FROM scale JOIN bulk.bulk_action_chunks ON bulk_action_id = id
      WHERE progressed_at IS NOT NULL GROUP BY bucket
    )
    SELECT started_at AS "from", width::int AS "secondsPerBucket",
           ARRAY(SELECT COALESCE(records, 0) FROM generate_series(0, seconds::int / width::int) AS bucket
                 LEFT JOIN counted USING (bucket) ORDER BY bucket) AS records
    FROM scale`;
  return speed;
}
