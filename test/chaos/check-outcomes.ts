/** Whether every id has exactly one outcome unless a cancel left it out, and counts and statuses follow from them. */
export const OUTCOME_CHECKS: readonly string[] = [
  `SELECT format('Bulk action %s says it has %s ids; its chunks hold %s.',
     id, record_count, cardinality(record_ids)) AS sentence
   FROM kept WHERE record_count <> cardinality(record_ids)`,

  `SELECT format('Id %s of bulk action %s has no outcome.', record_id, bulk_action_id) AS sentence
   FROM outcome WHERE kind = 'none' AND bulk_action_id NOT IN (SELECT id FROM kept WHERE is_canceled)`,

  `SELECT format('Id %s of bulk action %s is skipped or failed %s times.', id, bulk_action_id, count(*)) AS sentence
   FROM (SELECT * FROM skip UNION ALL SELECT * FROM failure) AS exception
   GROUP BY bulk_action_id, id HAVING count(*) > 1`,

  `SELECT format('Id %s is skipped or failed in chunk %s of bulk action %s, but is not one of its done ids.',
     id, position, bulk_action_id) AS sentence
   FROM (SELECT * FROM skip UNION ALL SELECT * FROM failure) AS exception
   WHERE NOT EXISTS (SELECT FROM outcome WHERE outcome.bulk_action_id = exception.bulk_action_id
     AND outcome.position = exception.position AND outcome.record_id = exception.id AND kind <> 'none')`,

  `SELECT format('Chunk %s of bulk action %s counts %s done, %s deleted, %s skipped, %s failed; its ids say %s, %s, %s, %s.',
     position, bulk_action_id, done_count, deleted_count, skipped_count, failed_count,
     done, deleted, skipped, failed) AS sentence
   FROM bulk.bulk_action_chunks JOIN (
     SELECT bulk_action_id, position, count(*) FILTER (WHERE kind <> 'none') AS done,
       count(*) FILTER (WHERE kind IN ('deleted', 'restored')) AS deleted, count(*) FILTER (WHERE kind = 'skipped') AS skipped,
       count(*) FILTER (WHERE kind = 'failed') AS failed
     FROM outcome GROUP BY bulk_action_id, position) AS counted USING (bulk_action_id, position)
   WHERE (done_count, deleted_count, skipped_count, failed_count) <> (done, deleted, skipped, failed)`,

  `SELECT format('Bulk action %s ended %s, but with %s changed, %s spared, %s failed and %s not attempted it is %s.',
     id, status, deleted, spared, failed, not_attempted, derived) AS sentence
   FROM (SELECT id, status, deleted, spared, failed, not_attempted,
           CASE WHEN failed + not_attempted > 0 THEN 'completed' WHEN deleted = 0 THEN 'invalid'
           WHEN spared > 0 THEN 'completed' ELSE 'succeeded' END AS derived
         FROM kept, LATERAL (SELECT count(*) FILTER (WHERE kind IN ('deleted', 'restored')) AS deleted,
           count(*) FILTER (WHERE kind = 'failed') AS failed,
           count(*) FILTER (WHERE skip_code NOT IN ('record.not_found', 'record.exists')) AS spared,
           count(*) FILTER (WHERE kind = 'none') AS not_attempted
           FROM outcome WHERE bulk_action_id = kept.id) AS counted
         WHERE status IN ('succeeded', 'completed', 'invalid')) AS ended
   WHERE status <> derived`,

  `SELECT format('Id %s of bulk action %s failed for the unknown reason %s.',
     id, bulk_action_id, COALESCE(code, 'NULL')) AS sentence
   FROM failure WHERE code IS NULL OR code NOT IN
     ('record.locked', 'record.timeout', 'record.conflict', 'record.internal_error')`,

  `SELECT format('Id %s of bulk action %s got its outcome in %s writes.',
     record_id, outcome.bulk_action_id, count(chunk_write.at)) AS sentence
   FROM outcome LEFT JOIN chaos.chunk_writes chunk_write
     ON chunk_write.bulk_action_id = outcome.bulk_action_id AND chunk_write.position = outcome.position
     AND ordinal > done_before AND ordinal <= done_after
   WHERE kind <> 'none'
   GROUP BY outcome.bulk_action_id, record_id HAVING count(chunk_write.at) <> 1`,

  `SELECT format('A count of chunk %s of bulk action %s went down at %s.', position, bulk_action_id, at) AS sentence
   FROM chaos.chunk_writes WHERE done_after < done_before OR deleted_after < deleted_before
     OR skipped_after < skipped_before OR failed_after < failed_before`,

  `SELECT format('Bulk action %s went from %s to %s at %s.', bulk_action_id, before, after, at) AS sentence
   FROM chaos.status_writes
   WHERE before IN ('succeeded', 'completed', 'invalid') OR after = 'pending'`,

  `SELECT format('Chunk %s of bulk action %s was worked on at %s, after the bulk action had ended at %s.',
     position, bulk_action_id, chunk_write.at, status_write.at) AS sentence
   FROM chaos.chunk_writes chunk_write JOIN chaos.status_writes status_write USING (bulk_action_id)
   WHERE after IN ('succeeded', 'completed', 'invalid') AND chunk_write.at > status_write.at`,

  // A record that is given up may be written down after the cancel came between that and its last try.
  `SELECT format('Chunk %s of bulk action %s was begun at %s, after its cancel was answered at %s.',
     position, bulk_action_id, begun_at, answered_at) AS sentence
   FROM chaos.chunk_writes JOIN cancel ON cancel.id = bulk_action_id
   WHERE begun_at > answered_at AND deleted_after + skipped_after > deleted_before + skipped_before`,
];
