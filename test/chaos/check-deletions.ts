/**
 * Whether what is gone from the shop is exactly what the bulk actions say they deleted. Records of different types may have
 * the same id.
 */
export const DELETION_CHECKS: readonly string[] = [
  `SELECT format('Record %s of account %s was deleted (transaction %s) and is claimed by no bulk action.',
     record_id, account_id, xid) AS sentence
   FROM chaos.deletions deletion
   WHERE NOT EXISTS (SELECT FROM outcome WHERE outcome.record_id = deletion.record_id
     AND outcome.action_type = deletion.action_type AND kind = 'deleted')`,

  `SELECT format('Record %s is claimed as deleted by %s bulk actions: %s.',
     record_id, count(*), string_agg(bulk_action_id::text, ', ')) AS sentence
   FROM outcome WHERE kind = 'deleted' GROUP BY action_type, record_id HAVING count(*) > 1`,

  `SELECT format('Record %s was deleted %s times.', record_id, count(*)) AS sentence
   FROM chaos.deletions GROUP BY action_type, record_id HAVING count(*) > 1`,

  `SELECT format('Bulk action %s claims to have deleted %s, but nobody did.', bulk_action_id, record_id) AS sentence
   FROM outcome WHERE kind = 'deleted'
     AND NOT EXISTS (SELECT FROM chaos.deletions deletion WHERE deletion.record_id = outcome.record_id
       AND deletion.action_type = outcome.action_type)`,

  `SELECT format('Bulk action %s (%s of account %s) deleted %s, which %s of account %s does.',
     bulk_action_id, outcome.action_type, outcome.account_id, record_id,
     deletion.action_type, deletion.account_id) AS sentence
   FROM outcome JOIN chaos.deletions deletion USING (action_type, record_id)
   WHERE kind = 'deleted' AND deletion.account_id <> outcome.account_id`,

  `SELECT format('Bulk action %s wrote down in transaction %s that it deleted %s; transaction %s did.',
     bulk_action_id, chunk_write.xid, record_id, deletion.xid) AS sentence
   FROM outcome JOIN chaos.deletions deletion USING (action_type, record_id)
   JOIN chaos.chunk_writes chunk_write USING (bulk_action_id, position)
   WHERE kind = 'deleted' AND ordinal > done_before AND ordinal <= done_after
     AND chunk_write.xid <> deletion.xid`,

  `SELECT format('Bulk action %s kept rows of its chunk %s (%s) in transaction %s, in which it wrote no outcome down.',
     bulk_action_id, position, part, xid) AS sentence
   FROM chaos.keepings LEFT JOIN chaos.chunk_writes chunk_write USING (bulk_action_id, position, xid)
   WHERE chunk_write.xid IS NULL`,

  `SELECT format('Bulk action %s claims to have deleted %s, which is still in the shop.',
     bulk_action_id, record_id) AS sentence
   FROM outcome JOIN present USING (action_type, record_id) WHERE kind = 'deleted'`,

  `SELECT format('Product %s was deleted although order line %s has it.', record_id, line.id) AS sentence
   FROM chaos.deletions JOIN line USING (record_id) WHERE action_type = 'delete_products'`,

  `SELECT format('Record %s of account %s is gone, and no deletion was seen.', record_id, account_id) AS sentence
   FROM chaos.records_before
   WHERE NOT EXISTS (SELECT FROM chaos.deletions deletion WHERE deletion.record_id = records_before.record_id
       AND deletion.action_type = records_before.action_type)
     AND NOT EXISTS (SELECT FROM present WHERE present.record_id = records_before.record_id
       AND present.action_type = records_before.action_type)`,

  `SELECT format('Record %s was deleted, but is in the shop.', record_id) AS sentence
   FROM chaos.deletions JOIN present USING (action_type, record_id)`,

  `SELECT format('Order line %s, which nobody deleted, is gone.', id) AS sentence
   FROM chaos.lines_before WHERE id NOT IN (SELECT id FROM chaos.lines)`,

  `SELECT format('Order %s of account %s, which nobody deleted, is gone.', id, account_id) AS sentence
   FROM chaos.orders_before WHERE id NOT IN (SELECT id FROM chaos.orders)`,
];
