import type pg from "pg";

/**
 * Lays out, beside what `prepareEvidence` does, as temporary tables:
 * `due` (which ids each restore is to have, in the order of the deletion and without what had come back before),
 * `tried` (one row for each id of a restore, with the type of action that had deleted it), `restored` (those that came back),
 * `gone` (records that are deleted), `held` (every row that is there) and `late` (rows that came to refer to a record while
 * the statement that deleted it was running already; what the foreign key does to them then, nobody keeps).
 */
export async function prepareRestoreEvidence(client: pg.ClientBase): Promise<void> {
  await client.query(TABLES);
}

const TABLES = `
  DROP TABLE IF EXISTS pg_temp.due, pg_temp.tried, pg_temp.restored, pg_temp.gone, pg_temp.held, pg_temp.late;
  CREATE TEMP TABLE tried AS
    SELECT outcome.bulk_action_id, outcome.position, ordinal, record_id, outcome.account_id, parent.action_type, kind, skip_code
    FROM outcome JOIN kept AS restore ON restore.id = bulk_action_id JOIN kept AS parent ON parent.id = restore.restore_of_id;
  CREATE TEMP TABLE restored AS SELECT * FROM tried WHERE kind = 'restored';
  CREATE INDEX ON restored (record_id);
  CREATE TEMP TABLE due AS
    SELECT request.id, request.parent_id,
      COALESCE(array_agg(deleted.record_id ORDER BY deleted.position, deleted.ordinal)
        FILTER (WHERE earlier.record_id IS NULL
          AND (request.record_ids IS NULL OR chosen.record_id IS NOT NULL)), '{}') AS record_ids
    FROM request JOIN kept AS restore USING (id)
    JOIN outcome deleted ON deleted.bulk_action_id = request.parent_id AND deleted.kind = 'deleted'
    LEFT JOIN (SELECT id, unnest(record_ids) AS record_id FROM request) AS chosen
      ON chosen.id = request.id AND chosen.record_id = deleted.record_id
    LEFT JOIN (SELECT restore_of_id, created_at, record_id FROM restored JOIN kept ON kept.id = bulk_action_id) AS earlier
      ON earlier.restore_of_id = request.parent_id AND earlier.record_id = deleted.record_id
        AND earlier.created_at < restore.created_at
    GROUP BY request.id, request.parent_id;
  CREATE TEMP TABLE gone AS
    SELECT action_type, record_id FROM chaos.deletions EXCEPT SELECT action_type, record_id FROM chaos.restorations;
  CREATE INDEX ON gone (record_id);
  CREATE TEMP TABLE held AS SELECT part, key, line FROM chaos.rows;
  CREATE TEMP TABLE late AS
    SELECT part, key FROM chaos.written JOIN chaos.deletions deletion USING (action_type, record_id)
    JOIN outcome ON outcome.record_id = deletion.record_id AND outcome.action_type = deletion.action_type AND kind = 'deleted'
    JOIN chaos.chunk_writes chunk_write ON chunk_write.bulk_action_id = outcome.bulk_action_id
      AND chunk_write.position = outcome.position AND ordinal > done_before AND ordinal <= done_after
    LEFT JOIN chaos.commits ON commits.xid = written.xid
    WHERE written.is_detached AND written.xid IS NOT NULL
      AND (commits.at IS NULL OR commits.at >= chunk_write.begun_at);
  ANALYZE tried; ANALYZE restored; ANALYZE gone; ANALYZE held; ANALYZE late; ANALYZE chaos.restorations;`;
