import { sql } from "../sql.ts";

/**
 * Joins `progressed_at` to a row of `bulk_actions`: when a record of it last got its outcome, or when it was submitted.
 * `updated_at` would not do: the sweeper's restarts change it too.
 */
export const PROGRESS = sql`LATERAL (
  SELECT GREATEST(bulk_actions.created_at, max(chunk.progressed_at)) AS progressed_at
  FROM bulk.bulk_action_chunks chunk WHERE chunk.bulk_action_id = bulk_actions.id) AS progress`;
