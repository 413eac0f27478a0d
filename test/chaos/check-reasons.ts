/** Whether each record that a deleting bulk action left was left for a reason that is true. Nothing has been restored yet. */
export const REASON_CHECKS: readonly string[] = [
  `SELECT format('Bulk action %s ended succeeded, but %s is still in the shop of its account.',
     bulk_action_id, outcome.record_id) AS sentence
   FROM outcome JOIN kept ON kept.id = bulk_action_id
   JOIN present ON present.action_type = outcome.action_type AND present.record_id = outcome.record_id
     AND present.account_id = outcome.account_id
   WHERE status = 'succeeded'`,

  `SELECT format('Id %s of bulk action %s is skipped for the unknown reason %s.',
     id, bulk_action_id, COALESCE(code, 'NULL')) AS sentence
   FROM skip WHERE code IS NULL OR code NOT IN ('record.not_found', 'record.in_use', 'record.kept')`,

  `SELECT format('Bulk action %s skipped %s as not found, but it is still in the shop of its account.',
     bulk_action_id, record_id) AS sentence
   FROM outcome JOIN present USING (action_type, record_id, account_id) WHERE skip_code = 'record.not_found'`,

  `SELECT format('Bulk action %s skipped %s as not found at %s, before it was deleted at %s.',
     bulk_action_id, record_id, chunk_write.at, deletion.at) AS sentence
   FROM outcome JOIN chaos.chunk_writes chunk_write USING (bulk_action_id, position)
   JOIN chaos.deletions deletion USING (record_id, account_id, action_type)
   WHERE skip_code = 'record.not_found' AND ordinal > done_before AND ordinal <= done_after
     AND deletion.at > chunk_write.at`,

  `SELECT format('Bulk action %s skipped %s as in use, but no order line of its account has it.',
     bulk_action_id, record_id) AS sentence
   FROM outcome WHERE skip_code = 'record.in_use' AND NOT (action_type = 'delete_products' AND EXISTS (
     SELECT FROM chaos.lines JOIN present USING (record_id)
     WHERE present.record_id = outcome.record_id AND present.action_type = outcome.action_type
       AND present.account_id = outcome.account_id))`,

  `SELECT format('Bulk action %s skipped %s as kept, but it is not in the shop of its account.',
     bulk_action_id, record_id) AS sentence
   FROM outcome WHERE skip_code = 'record.kept'
     AND NOT EXISTS (SELECT FROM chaos.records_before AS before
       WHERE before.record_id = outcome.record_id AND before.account_id = outcome.account_id
         AND before.action_type = outcome.action_type
         -- A later bulk action may have deleted it, if the rule that kept it is gone.
         AND (EXISTS (SELECT FROM chaos.deletions deletion WHERE deletion.record_id = before.record_id
                AND deletion.action_type = before.action_type)
              OR EXISTS (SELECT FROM present WHERE present.record_id = before.record_id
                AND present.action_type = before.action_type)))`,

  `SELECT format('Bulk action %s skipped %s as kept, but no rule of the host keeps it.', bulk_action_id, record_id)
     AS sentence
   FROM outcome WHERE skip_code = 'record.kept' AND record_id NOT IN (SELECT record_id FROM chaos.vetoed)`,

  `SELECT format('Bulk action %s says that %s was deleted, which a rule of the host keeps.', bulk_action_id, record_id)
     AS sentence
   FROM outcome WHERE kind = 'deleted'
     AND record_id IN (SELECT record_id FROM chaos.vetoed UNION ALL SELECT record_id FROM chaos.wished)`,

  // An order may come before the rule, and trouble before either.
  `SELECT format('Bulk action %s skipped %s as %s, which a deferred foreign key keeps.',
     bulk_action_id, outcome.record_id, skip_code) AS sentence
   FROM outcome JOIN chaos.wished ON wished.record_id = outcome.record_id
   JOIN chaos.records_before AS before ON before.record_id = outcome.record_id
     AND before.account_id = outcome.account_id AND before.action_type = outcome.action_type
   WHERE skip_code IS NOT NULL AND skip_code <> 'record.in_use'`,

  `SELECT format('Bulk action %s skipped %s as kept at %s, after it was deleted at %s.',
     bulk_action_id, record_id, chunk_write.at, deletion.at) AS sentence
   FROM outcome JOIN chaos.chunk_writes chunk_write USING (bulk_action_id, position)
   JOIN chaos.deletions deletion USING (record_id, account_id, action_type)
   WHERE skip_code = 'record.kept' AND ordinal > done_before AND ordinal <= done_after
     AND deletion.at < chunk_write.begun_at`,
];
