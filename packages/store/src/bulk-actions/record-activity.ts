import type { Database } from "../database.ts";
import { notifyChanged } from "../watching/change-channel.ts";

/**
 * Sets a pending bulk action to `processing`. Does nothing if it has another status, is canceled, or has a newer
 * generation.
 */
export async function markStarted(database: Database, id: string, generation: number): Promise<void> {
  const startedCount = await database.$executeRaw`
    UPDATE bulk.bulk_actions SET status = 'processing', started_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = ${id}::uuid AND generation = ${generation} AND status = 'pending'
      AND cancel_requested_at IS NULL`;
  if (startedCount > 0) await notifyChanged(database, id);
}

/**
 * Records that a turn of this generation runs and goes on, or will have a successor. Returns the moment by the database's
 * clock, or `undefined` if the generation is no longer current or the bulk action is canceled or has ended: then there
 * must be no successor.
 */
export async function recordActivity(
  database: Database,
  id: string,
  generation: number,
): Promise<Date | undefined> {
  const [activity] = await database.$queryRaw<{ updatedAt: Date }[]>`
    UPDATE bulk.bulk_actions SET updated_at = clock_timestamp()
    WHERE id = ${id}::uuid AND generation = ${generation} AND status IN ('pending', 'processing')
      AND cancel_requested_at IS NULL
    RETURNING updated_at AS "updatedAt"`;
  if (activity !== undefined) await notifyChanged(database, id);
  return activity?.updatedAt;
}

/** Returns the share of the records that have their outcome, 0 to 100; `undefined` if there is no such bulk action. */
export async function readPercent(database: Database, id: string): Promise<number | undefined> {
  const [row] = await database.$queryRaw<{ percent: number | null }[]>`
    SELECT floor(100 * sum(done_count) / sum(record_count))::int AS percent
    FROM bulk.bulk_action_chunks WHERE bulk_action_id = ${id}::uuid`;
  return row?.percent ?? undefined;
}
