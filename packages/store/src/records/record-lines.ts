import { bareCode, NOT_ATTEMPTED, nameOutcome } from "@bulk/domain/bulk-actions/outcome";
import type { RecordEffects } from "@bulk/domain/bulk-actions/record-effect";
import { knownEffects } from "../bulk-actions/known-effects.ts";
import { RECORD_IDS_ARRAY } from "../record-ids/chunk-ids.ts";
import { type Sql, sql } from "../sql.ts";
import { BARE_CODE } from "./bare-code.ts";
import type { ActionRecord } from "./walk-records.ts";

/** The header line of a bulk action's records as CSV. */
export const CSV_HEADER = "position,record_id,outcome,code\n";

/** Formats a record as a line of CSV (RFC 4180). Outcomes and codes need no quotes. */
export function csvLine({ position, recordId, outcome, code = "" }: ActionRecord, effect: string): string {
  return `${position},${quoteField(recordId)},${nameOutcome(outcome, effect)},${bareCode(code)}\n`;
}

// The same as `quoteField`.
const QUOTED_ID = sql`CASE WHEN id ~ E'[",\\r\\n]' THEN '"' || replace(id, '"', '""') || '"' ELSE id END`;

// The field is otherwise as it is: a spreadsheet must not find another id in the file than the API returns.
function quoteField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The query for the same file of an ended bulk action, the row `pruned`. An audit entry has the digest of the file, so
 * both must be equal to the byte.
 *
 * It groups where a join would be natural: PostgreSQL does not know how long arrays are, and a join planned for ten ids
 * would compare each id with each.
 */
export function csvOfPruned(effects: RecordEffects): Sql {
  return sql`
  SELECT ${CSV_HEADER} || COALESCE(string_agg(lines, '' ORDER BY position), '') FROM (
    SELECT chunk.position, (
      SELECT string_agg(concat(chunk.position + ordinal - 1, ',', ${QUOTED_ID}, ',',
          CASE WHEN ordinal > chunk.done_count THEN ${`not_attempted,${NOT_ATTEMPTED}`}
               ELSE COALESCE(exception, COALESCE(known.effect, 'applied') || ',') END, E'\n'), '' ORDER BY ordinal)
      FROM (
        SELECT id, max(ordinal) AS ordinal, max(exception) AS exception FROM (
          SELECT id, ordinal, NULL AS exception
          FROM unnest(${RECORD_IDS_ARRAY}) WITH ORDINALITY AS record (id, ordinal)
          UNION ALL
          SELECT id, NULL, 'skipped,' || ${BARE_CODE} FROM unnest(chunk.skipped_ids, chunk.skipped_codes) AS skip (id, code)
          UNION ALL
          SELECT id, NULL, 'failed,' || ${BARE_CODE} FROM unnest(chunk.failed_ids, chunk.failed_codes) AS failure (id, code)
        ) AS listed GROUP BY id
      ) AS described
    ) AS lines
    FROM bulk.bulk_action_chunks chunk LEFT JOIN ${knownEffects(effects)} ON known.action_type = pruned.action_type
    WHERE chunk.bulk_action_id = pruned.id
  ) AS written`;
}
