import type { Database } from "../database.ts";

/** Whether a worker has the one lane that all workers share while they are polite. */
export type LaneGrant =
  | { readonly kind: "taken"; readonly lease: string }
  /** `freeInMs`: when it is free, as far as is known. */
  | { readonly kind: "busy"; readonly freeInMs: number }
  /** The row is gone: the server has crashed. The next look brings it back. */
  | { readonly kind: "unknown" };

/**
 * Takes the lane for one slice, if it is free. A worker that dies keeps it until the lease ends. One short statement, on an
 * unlogged table: no lock is held while anybody waits, and no WAL is flushed.
 */
export async function takePoliteLane(database: Database, leaseMs: number): Promise<LaneGrant> {
  const [row] = await database.$queryRaw<{ lease: string | null; freeInMs: number }[]>`
    WITH taken AS (
      UPDATE bulk.brake SET free_at = clock_timestamp() + make_interval(secs => ${leaseMs}::float8 / 1000)
      WHERE free_at <= clock_timestamp()
      RETURNING free_at
    )
    SELECT (SELECT free_at::text FROM taken) AS lease,
           (1000 * extract(epoch FROM free_at - clock_timestamp()))::float8 AS "freeInMs"
    FROM bulk.brake`;
  if (row === undefined) return { kind: "unknown" };
  return row.lease === null ? { kind: "busy", freeInMs: row.freeInMs } : { kind: "taken", lease: row.lease };
}

/**
 * Gives the lane back: it is free again after a rest. Does nothing when the lease has ended.
 *
 * @param recordsPerSecond of this slice and its rest; smoothed, it is the rate of all workers
 */
export async function freePoliteLane(
  database: Database,
  lease: string,
  { restMs, recordsPerSecond }: { readonly restMs: number; readonly recordsPerSecond: number | undefined },
): Promise<void> {
  const rate = recordsPerSecond ?? null;
  await database.$executeRaw`
    UPDATE bulk.brake SET
      free_at = clock_timestamp() + make_interval(secs => ${restMs}::float8 / 1000),
      records_per_second = COALESCE(0.9 * records_per_second + 0.1 * ${rate}::float8, ${rate}::float8, records_per_second)
    WHERE free_at = ${lease}::timestamptz`;
}
