/** Whether each restore took the records that it was asked for, and what came back is exactly what restores say. */
export const RESTORE_CHECKS: readonly string[] = [
  `SELECT format('Bulk action %s restores %s, but nobody sent such a request.', id, restore_of_id) AS sentence
   FROM kept WHERE restore_of_id IS NOT NULL AND NOT EXISTS (SELECT FROM request
     WHERE parent_id = restore_of_id AND request.account_id = kept.account_id
       AND (request.id IS NULL OR request.id = kept.id))`,

  `SELECT format('The restore of %s was answered with bulk action %s, which restores %s.', parent_id, id, restore_of_id)
     AS sentence
   FROM request JOIN kept USING (id) WHERE parent_id IS DISTINCT FROM restore_of_id`,

  `SELECT format('Bulk action %s (%s of account %s) restores %s (%s of account %s).', restore.id, restore.action_type,
     restore.account_id, parent.id, parent.action_type, parent.account_id) AS sentence
   FROM kept AS restore JOIN kept AS parent ON parent.id = restore.restore_of_id
   WHERE restore.account_id <> parent.account_id
     OR restore.action_type <> replace(parent.action_type, 'delete_', 'restore_')`,

  `SELECT format('Bulk action %s restores %s ids of %s; asked for and to be restored were %s others.',
     id, cardinality(kept.record_ids), parent_id, cardinality(due.record_ids)) AS sentence
   FROM due JOIN kept USING (id) WHERE kept.record_ids <> due.record_ids`,

  `SELECT format('Bulk action %s restores %s, which %s has not deleted.', bulk_action_id, record_id, restore_of_id)
     AS sentence
   FROM tried JOIN kept ON kept.id = bulk_action_id WHERE NOT EXISTS (SELECT FROM outcome
     WHERE outcome.bulk_action_id = restore_of_id AND outcome.record_id = tried.record_id AND outcome.kind = 'deleted')`,

  `SELECT format('Record %s of account %s came back (transaction %s) and is claimed by no restore.',
     record_id, account_id, xid) AS sentence
   FROM chaos.restorations come WHERE NOT EXISTS (
     SELECT FROM restored WHERE restored.record_id = come.record_id AND restored.action_type = come.action_type)`,

  `SELECT format('Record %s came back %s times.', record_id, count(*)) AS sentence
   FROM chaos.restorations GROUP BY action_type, record_id HAVING count(*) > 1`,

  `SELECT format('Record %s is claimed as restored by %s bulk actions: %s.',
     record_id, count(*), string_agg(bulk_action_id::text, ', ')) AS sentence
   FROM restored GROUP BY action_type, record_id HAVING count(*) > 1`,

  `SELECT format('Bulk action %s claims to have restored %s, but nobody did.', bulk_action_id, record_id) AS sentence
   FROM restored WHERE NOT EXISTS (SELECT FROM chaos.restorations come
     WHERE come.record_id = restored.record_id AND come.action_type = restored.action_type)`,

  `SELECT format('Bulk action %s of account %s restored %s, which account %s had.',
     bulk_action_id, restored.account_id, record_id, deletion.account_id) AS sentence
   FROM restored JOIN chaos.deletions deletion USING (action_type, record_id)
   WHERE deletion.account_id <> restored.account_id`,

  `SELECT format('Record %s was of account %s and came back to account %s.', record_id, deletion.account_id, come.account_id)
     AS sentence
   FROM chaos.restorations come JOIN chaos.deletions deletion USING (action_type, record_id)
   WHERE deletion.account_id <> come.account_id`,

  `SELECT format('Bulk action %s wrote down in transaction %s that it restored %s; transaction %s did.',
     bulk_action_id, chunk_write.xid, record_id, come.xid) AS sentence
   FROM restored JOIN chaos.restorations come USING (action_type, record_id)
   JOIN chaos.chunk_writes chunk_write USING (bulk_action_id, position)
   WHERE ordinal > done_before AND ordinal <= done_after AND chunk_write.xid <> come.xid`,

  `SELECT format('Bulk action %s skipped %s as %s; %s stands in its way.',
     bulk_action_id, record_id, COALESCE(skip_code, 'NULL'), COALESCE(obstacle.code, 'nothing')) AS sentence
   FROM tried LEFT JOIN chaos.obstacles obstacle USING (action_type, record_id)
   WHERE kind = 'skipped' AND skip_code IS DISTINCT FROM obstacle.code`,

  `SELECT format('Bulk action %s restored %s, although %s stands in its way.', bulk_action_id, record_id, code) AS sentence
   FROM restored JOIN chaos.obstacles USING (action_type, record_id)`,

  // Whoever failed was asked for again when nothing broke any more.
  `SELECT format('Record %s of account %s is still gone, although nothing stands in its way.', record_id, account_id)
     AS sentence
   FROM chaos.deletions deletion WHERE NOT EXISTS (
       SELECT FROM restored WHERE restored.record_id = deletion.record_id AND restored.action_type = deletion.action_type)
     AND NOT EXISTS (SELECT FROM chaos.obstacles obstacle
       WHERE obstacle.record_id = deletion.record_id AND obstacle.action_type = deletion.action_type)`,
];
