import type { Bench } from "./bench.ts";

/**
 * Makes everything an hour older instead of waiting for it: PostgreSQL's clock stays as it is. Rows somebody
 * has locked stay as they are.
 */
export async function passTime(bench: Bench): Promise<void> {
  bench.story.push("an hour passes");
  bench.queue.passTime(HOUR_MS);
  if (bench.lastTaken !== undefined) bench.lastTaken = new Date(bench.lastTaken.getTime() - HOUR_MS);
  await bench.engine.database.query(PASS_TIME);
}

const HOUR_MS = 3_600_000;

const PASS_TIME = `
  WITH actions AS (
    UPDATE bulk.bulk_actions SET updated_at = updated_at - interval '1 hour'
    WHERE id IN (SELECT id FROM bulk.bulk_actions FOR UPDATE SKIP LOCKED)
  )
  UPDATE bulk.bulk_action_chunks SET not_before = not_before - interval '1 hour'
  WHERE (bulk_action_id, position) IN
    (SELECT bulk_action_id, position FROM bulk.bulk_action_chunks FOR UPDATE SKIP LOCKED)`;
