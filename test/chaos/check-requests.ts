/** What was asked and promised against what the database kept and the list shows. */
export const REQUEST_CHECKS: readonly string[] = [
  `SELECT format('Bulk action %s was answered with 200 but is not in the database.', id) AS sentence
   FROM accepted WHERE id NOT IN (SELECT id FROM kept)`,

  `SELECT format('Bulk action %s belongs to account %s with type %s, not to account %s with type %s as submitted.',
     id, kept.account_id, kept.action_type, accepted.account_id, accepted.action_type) AS sentence
   FROM accepted JOIN kept USING (id)
   WHERE kept.account_id <> accepted.account_id OR kept.action_type <> accepted.action_type`,

  `SELECT format('Bulk action %s keeps %s ids that are not the %s ids submitted, each once and in their order.',
     id, cardinality(kept.record_ids), cardinality(accepted.record_ids)) AS sentence
   FROM accepted JOIN kept USING (id) WHERE kept.record_ids <> accepted.record_ids`,

  `SELECT format('Bulk action %s is in the database, but nobody sent such a request.', id) AS sentence
   FROM kept WHERE restore_of_id IS NULL AND id NOT IN (SELECT id FROM accepted)
     AND NOT EXISTS (SELECT FROM unanswered WHERE unanswered.account_id = kept.account_id
       AND unanswered.action_type = kept.action_type AND unanswered.record_ids = kept.record_ids)`,

  `SELECT format('The cancel of bulk action %s was answered with 200, but it is not canceled.', id) AS sentence
   FROM cancel JOIN kept USING (id) WHERE answered_at IS NOT NULL AND NOT is_canceled`,

  `SELECT format('Bulk action %s is canceled, but nobody asked for it.', id) AS sentence
   FROM kept WHERE is_canceled AND id NOT IN (SELECT id FROM cancel)`,

  `SELECT format('Bulk action %s is still %s.', id, status) AS sentence
   FROM kept WHERE status NOT IN ('succeeded', 'completed', 'invalid')`,

  `SELECT format('Bulk action %s, answered with 200, is not in the list.', id) AS sentence
   FROM accepted WHERE id NOT IN (SELECT id FROM answer)`,

  `SELECT format('The list shows bulk action %s as %s %s, the database has %s %s.',
     id, answer.status, answer.action_type, kept.status, kept.action_type) AS sentence
   FROM answer JOIN kept USING (id)
   WHERE answer.status <> kept.status OR answer.action_type <> kept.action_type`,

  `SELECT format('The record_ids that the list shows of bulk action %s (%s) are not those of its chunks (%s).',
     id, cardinality(answer.record_ids), cardinality(kept.record_ids)) AS sentence
   FROM answer JOIN kept USING (id) WHERE answer.record_ids <> kept.record_ids`,

  `SELECT format('The skipped_record_ids that the list shows of bulk action %s (%s) are not those of its chunks (%s).',
     id, cardinality(answer.skipped_ids), cardinality(kept.skipped_ids)) AS sentence
   FROM answer JOIN kept USING (id) WHERE answer.skipped_ids <> kept.skipped_ids`,
];
