import type { Database } from "../../database.ts";
import { RECORD_IDS_ARRAY } from "../../record-ids/chunk-ids.ts";
import type { RecordIds } from "../../record-ids/read-record-ids.ts";
import { type Sql, sql } from "../../sql.ts";

export type RestorableQuery = {
  readonly accountId: string;
  readonly id: string;
  /** Only these records; `undefined`: all. */
  readonly recordIds: RecordIds | undefined;
};

/**
 * Common table expressions about the account's bulk action of this id:
 * - `parent`: its row
 * - `restorable`: the same, if it has ended, can be restored now, and no restore of it is open
 * - `submitted (ids, sources, are_uuids, foreign_count)`, of one row: the ids that it has changed and no restore has brought
 *   back, in their order, beside each the position of its chunk, whether all are UUIDs, and how many of the chosen ids it
 *   has not changed
 *
 * Ids are grouped where joins would be natural: PostgreSQL does not know how long arrays are, and a join planned for ten ids
 * would compare each id with each.
 */
export function restorableRecords({ accountId, id, recordIds }: RestorableQuery): Sql {
  return sql`
    parent AS (
      SELECT * FROM bulk.bulk_actions WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid
    ),
    restorable AS (
      SELECT * FROM parent
      WHERE status NOT IN ('pending', 'processing') AND restorable_until > clock_timestamp() AND NOT ${IS_RESTORE_OPEN}
    ),
    listed AS (
      SELECT record_id, max(source) AS source, max(ordinal) AS ordinal, bool_and(is_uuid) AS is_uuid,
             bool_or(mark = 'done') AND NOT bool_or(mark = 'exception') AS is_changed,
             bool_or(mark = 'restored') AS is_restored, bool_or(mark = 'chosen') AS is_chosen
      FROM (
        SELECT record_id, chunk.position AS source, ordinal, chunk.text_ids IS NULL AS is_uuid, 'done' AS mark
        FROM restorable JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = restorable.id,
             unnest((${RECORD_IDS_ARRAY})[: chunk.done_count]) WITH ORDINALITY AS done (record_id, ordinal)
        UNION ALL
        SELECT record_id, NULL, NULL, NULL, 'exception'
        FROM restorable JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = restorable.id,
             unnest(chunk.skipped_ids || chunk.failed_ids) AS exception (record_id)
        UNION ALL
        SELECT record_id, NULL, NULL, NULL, 'restored'
        FROM restorable JOIN bulk.bulk_actions restore ON restore.restore_of_id = restorable.id
             JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = restore.id,
             LATERAL (SELECT unnest((${RECORD_IDS_ARRAY})[: chunk.done_count])
                      EXCEPT SELECT unnest(chunk.skipped_ids || chunk.failed_ids)) AS restored (record_id)
        ${chosen(recordIds)}
      ) AS marked
      GROUP BY record_id
    ),
    submitted AS MATERIALIZED (
      SELECT COALESCE(array_agg(record_id ORDER BY source, ordinal) FILTER (WHERE is_taken), '{}') AS ids,
             array_agg(source ORDER BY source, ordinal) FILTER (WHERE is_taken) AS sources,
             bool_and(is_uuid) AS are_uuids,
             count(*) FILTER (WHERE is_chosen AND NOT is_changed)::int AS foreign_count
      FROM (SELECT *, is_changed AND NOT is_restored AND ${isChosen(recordIds)} AS is_taken FROM listed) AS judged
    )`;
}

function chosen(recordIds: RecordIds | undefined): Sql {
  if (recordIds === undefined) return sql``;
  const ids =
    recordIds.type === "uuid" ? sql`${recordIds.encoded}::uuid[]::text[]` : sql`${recordIds.encoded}::text[]`;
  return sql`
        UNION ALL
        SELECT record_id, NULL, NULL, NULL, 'chosen' FROM unnest(${ids}) AS chosen (record_id)`;
}

function isChosen(recordIds: RecordIds | undefined): Sql {
  return recordIds === undefined ? sql`true` : sql`is_chosen`;
}

/** A condition over a row `parent`: a restore of it, or the retry of one, is open. */
export const IS_RESTORE_OPEN = sql`EXISTS (
      SELECT FROM bulk.bulk_actions restore
      WHERE restore.restore_of_id = parent.id AND restore.status IN ('pending', 'processing'))`;

/** Returns whether a restore of this bulk action is open. */
export async function hasOpenRestore(database: Database, id: string): Promise<boolean> {
  const [row] = await database.$queryRaw<{ isOpen: boolean }[]>`
    SELECT ${IS_RESTORE_OPEN} AS "isOpen" FROM bulk.bulk_actions AS parent WHERE id = ${id}::uuid`;
  return row?.isOpen === true;
}
