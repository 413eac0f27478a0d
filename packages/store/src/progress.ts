import { sql } from "./sql.ts";

/**
 * Joins to a row of `bulk_actions` when it last made progress, as `progressed_at`: when an id of it got its outcome,
 * or when it was submitted. `updated_at` does not tell: the sweeper's restarts change it as well.
 */
export const PROGRESS = sql`LATERAL (
  SELECT GREATEST(bulk_actions.created_at, max(chunk.progressed_at)) AS progressed_at
  FROM bulk_action_chunks chunk WHERE chunk.bulk_action_id = bulk_actions.id) AS progress`;
