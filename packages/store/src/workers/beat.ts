import type { Tally } from "@bulk/domain/bulk-actions/outcome";
import type { Database } from "../database.ts";
import type { LiveWorker, StoredTurn } from "./live-workers.ts";

/** What a worker says of itself. */
export type Beat = Pick<LiveWorker, "id" | "host" | "pid" | "version" | "places" | "recordsPerSecond"> & {
  /** How long ago it started. */
  readonly ranMs: number;
  /** At most one more than its places. */
  readonly turns: readonly StoredTurn[];
  /** How many records got an outcome since its last beat. */
  readonly counts: Tally;
};

/** Writes down that a worker runs, what it does, and adds its counts to those of this minute. One statement. */
export async function beat(database: Database, current: Beat): Promise<void> {
  const { id, host, pid, version, places, recordsPerSecond, ranMs, turns, counts } = current;
  const { applied, skipped, failed } = counts;
  await database.$executeRaw`
    WITH counted AS (
      INSERT INTO bulk.rates (minute, worker_id, applied, skipped, failed)
      SELECT date_trunc('minute', clock_timestamp()), ${id}::uuid, ${applied}::int, ${skipped}::int, ${failed}::int
      WHERE ${applied + skipped + failed}::int > 0
      ON CONFLICT (minute, worker_id) DO UPDATE SET applied = rates.applied + excluded.applied,
        skipped = rates.skipped + excluded.skipped, failed = rates.failed + excluded.failed
    )
    INSERT INTO bulk.workers (id, host, pid, version, started_at, seen_at, places, turns, records_per_second)
    SELECT ${id}::uuid, left(${host}, 255), ${pid}::int, left(${version}, 100),
           now - make_interval(secs => ${ranMs}::float8 / 1000), now, ${places}::int,
           ${JSON.stringify(turns.slice(0, places + 1))}::jsonb, ${recordsPerSecond}::float8
    FROM clock_timestamp() AS now
    ON CONFLICT (id) DO UPDATE SET started_at = least(workers.started_at, excluded.started_at),
      seen_at = excluded.seen_at, turns = excluded.turns,
      records_per_second = excluded.records_per_second`;
}

/** Removes a worker that stops. */
export async function removeWorker(database: Database, id: string): Promise<void> {
  await database.$executeRaw`DELETE FROM bulk.workers WHERE id = ${id}::uuid`;
}

/** Removes workers that were not seen for a minute, and counts that are older than two hours. */
export async function removeGone(database: Database): Promise<void> {
  await database.$executeRaw`
    WITH gone AS (
      DELETE FROM bulk.workers WHERE id IN (
        SELECT id FROM bulk.workers WHERE seen_at < clock_timestamp() - interval '1 minute'
        ORDER BY id FOR UPDATE SKIP LOCKED)
    )
    DELETE FROM bulk.rates WHERE (minute, worker_id) IN (
      SELECT minute, worker_id FROM bulk.rates WHERE minute < clock_timestamp() - interval '2 hours'
      ORDER BY minute, worker_id LIMIT 1000 FOR UPDATE SKIP LOCKED)`;
}
