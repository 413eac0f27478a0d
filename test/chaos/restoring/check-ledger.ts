/** Whether the tables hold what the shop itself has written, apart from what went with records that are still deleted. */
export const LEDGER_CHECKS: readonly string[] = [
  `SELECT format('The row %s of %s is there %s times.', key, part, count(*)) AS sentence
   FROM held GROUP BY part, key HAVING count(*) > 1`,

  `SELECT format('The row %s of %s is there, and the shop has never written it: %s', key, part, held.line) AS sentence
   FROM held LEFT JOIN chaos.written USING (part, key) WHERE written.key IS NULL`,

  `SELECT format('The row %s of %s is gone, and %s: %s', key, part,
     COALESCE(format('its record %s is not', written.record_id), 'goes with no record'), written.line) AS sentence
   FROM chaos.written LEFT JOIN held USING (part, key)
   LEFT JOIN gone ON gone.action_type = written.action_type AND gone.record_id = written.record_id
   LEFT JOIN chaos.deletions deletion
     ON deletion.action_type = written.action_type AND deletion.record_id = written.record_id
   WHERE held.key IS NULL AND gone.record_id IS NULL AND NOT (written.is_lost AND deletion.record_id IS NOT NULL)`,

  `SELECT format('The row %s of %s is not as the shop wrote it: %s instead of %s', key, part, held.line, written.line)
     AS sentence
   FROM chaos.written JOIN held USING (part, key)
   LEFT JOIN gone ON gone.action_type = written.action_type AND gone.record_id = written.record_id
   WHERE held.line <> written.line AND gone.record_id IS NULL AND (part, key) NOT IN (SELECT part, key FROM late)`,
];
