import { ACCOUNT_KEY } from "../accounts/account-key.ts";
import type { Queryable } from "../database.ts";
import { sql } from "../sql.ts";
import { type ChunkEffect, findingCandidates, isApplicable, recordsOf } from "./chunk-effect.ts";
import type { ChunkSource } from "./claim-chunk.ts";
import { storedAsKey } from "./key-column.ts";

/**
 * Replaces the code `record.unexplained` by the reason that a new statement sees. A record that still exists and that
 * the condition allows was kept by the database's own rules.
 */
export async function explainSkips(
  transaction: Queryable,
  { bulkActionId }: ChunkSource,
  position: number,
  effect: ChunkEffect,
): Promise<void> {
  await transaction.$executeRaw`
    WITH claimed AS (
      SELECT bulk_action.restore_of_id, chunk.source_position
      FROM bulk.bulk_action_chunks chunk JOIN bulk.bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
      WHERE chunk.bulk_action_id = ${bulkActionId}::uuid AND chunk.position = ${position}
    ),
    skips AS (
      SELECT account.id AS account_id, ${ACCOUNT_KEY} AS account_key,
             record_id, code, ordinal
      FROM bulk.bulk_action_chunks chunk
      JOIN bulk.bulk_actions bulk_action ON bulk_action.id = chunk.bulk_action_id
      JOIN bulk.accounts account ON account.id = bulk_action.account_id
      CROSS JOIN unnest(skipped_ids, skipped_codes) WITH ORDINALITY AS skip (record_id, code, ordinal)
      WHERE chunk.bulk_action_id = ${bulkActionId}::uuid AND position = ${position}
    ),
    chunk_records AS (
      SELECT ${storedAsKey(effect.key.type, sql`record_id`)} AS bulk_record_id, account_id AS bulk_account_id,
             account_key AS bulk_account_key, ordinal AS bulk_ordinal
      FROM skips WHERE code = ${UNEXPLAINED}
    ),
    ${findingCandidates(effect)}
    explained AS (
      SELECT bulk_ordinal AS ordinal,
             CASE WHEN EXISTS (SELECT FROM ${recordsOf(effect)} WHERE ${isApplicable(effect)})
                  THEN 'record.kept' ELSE ${effect.skipCode} END AS code
      FROM chunk_records
    )
    UPDATE bulk.bulk_action_chunks SET skipped_codes = (
      SELECT array_agg(COALESCE(explained.code, skips.code) ORDER BY ordinal)
      FROM skips LEFT JOIN explained USING (ordinal))
    WHERE bulk_action_id = ${bulkActionId}::uuid AND position = ${position}
      AND ${UNEXPLAINED} = ANY (skipped_codes)`;
}

/** The code of a skip without a known reason. Never committed: `explainSkips` replaces it. */
export const UNEXPLAINED = sql`'record.unexplained'`;
