import type pg from "pg";
import type { AcceptedAction } from "../recorded-run.ts";
import type { ActionType } from "../shop.ts";

/** A bulk action that has ended, and the records that it says it has deleted. */
export type Deletion = AcceptedAction & { readonly actionType: ActionType };

/** Every bulk action that has deleted something, in the order of their ids. Nothing has been restored yet. */
export async function readDeletions(database: pg.Pool): Promise<readonly Deletion[]> {
  const { rows } = await database.query<Deletion>(
    `SELECT action.id, action.account_id AS "accountId", action.action_type AS "actionType",
       array_agg(record_id ORDER BY chunk.position, ordinal) AS "recordIds"
     FROM bulk.bulk_actions action JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = action.id
     CROSS JOIN LATERAL unnest((COALESCE(chunk.text_ids, chunk.record_ids::text[]))[: chunk.done_count])
       WITH ORDINALITY AS done (record_id, ordinal)
     LEFT JOIN LATERAL unnest(chunk.skipped_ids::text[] || chunk.failed_ids::text[]) AS exception (record_id)
       USING (record_id)
     WHERE exception.record_id IS NULL GROUP BY action.id ORDER BY action.id`,
  );
  return rows;
}
