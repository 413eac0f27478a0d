import { notRestorable } from "@bulk/domain/errors/refusals";
import { ACCOUNT_KEY } from "../../accounts/account-key.ts";
import { type ChunkEffect, findingCandidates, recordsOf } from "../../chunks/chunk-effect.ts";
import { keyOrder, storedAsKey } from "../../chunks/key-column.ts";
import { type Database, transactDirectly } from "../../database.ts";
import { findChangeRules } from "../../inspection/change-rules.ts";
import { BARE_CODE } from "../../records/bare-code.ts";
import type { Preview, SkipCount } from "../../records/preview.ts";
import { type Sql, sql } from "../../sql.ts";
import { type RestorableQuery, restorableRecords } from "./restorable-records.ts";
import { judgeRestore, RESTORE_STATE, type RestoreState } from "./restore-state.ts";

/** What a restore would do now, and to how many records. */
export type RestorePreview = Preview & { readonly total: number };

/**
 * Previews a restore: one statement in a read-only transaction, which locks nothing. Throws the refusals of a restore, and
 * SQLSTATE 57014 if it takes longer than `timeoutMs`.
 *
 * @param effect that of the action that takes the bulk action back, as the tables are now
 */
export async function previewRestore(
  database: Database,
  effect: ChunkEffect,
  query: RestorableQuery & { readonly timeoutMs: number },
): Promise<RestorePreview> {
  const rules = await findChangeRules(database, [effect]);
  const [found] = await transactDirectly<RestoreState & { readonly skips: readonly SkipCount[] }>(database, [
    sql`SELECT set_config('transaction_read_only', 'on', true),
               set_config('statement_timeout', ${String(query.timeoutMs)}, true)`,
    composePreview(effect, query),
  ]);
  const refusal = judgeRestore(found);
  if (refusal !== undefined) throw refusal;
  if (found === undefined) throw notRestorable("not_found");
  return { skips: found.skips, rules, total: found.leftCount };
}

// By chunk, as workers do it: what they look up for each record would otherwise be looked up among all.
function composePreview(effect: ChunkEffect, query: RestorableQuery): Sql {
  return sql`
    WITH ${restorableRecords(query)},
    sliced AS MATERIALIZED (
      SELECT source, array_agg(id) AS slice
      FROM submitted, unnest(submitted.ids, submitted.sources) AS part (id, source) GROUP BY source
    )
    SELECT ${RESTORE_STATE}, (
      SELECT COALESCE(json_agg(json_build_object('code', code, 'count', count) ORDER BY count DESC, code), '[]')
      FROM (SELECT code, sum(count)::int AS count
            FROM parent, sliced, LATERAL (${countSkips(effect)}) AS skipped GROUP BY code) AS total
    ) AS skips
    FROM parent CROSS JOIN submitted`;
}

function countSkips(effect: ChunkEffect): Sql {
  const { key, condition, skipCode } = effect;
  const id = storedAsKey(key.type, sql`part.record_id`);
  return sql`
      WITH claimed AS (SELECT parent.id AS restore_of_id, sliced.source AS source_position),
      chunk_records AS MATERIALIZED (
        SELECT ${id} AS bulk_record_id, account.id AS bulk_account_id, ${ACCOUNT_KEY} AS bulk_account_key
        FROM bulk.accounts account, unnest(sliced.slice) AS part (record_id)
        WHERE account.id = parent.account_id ORDER BY ${keyOrder(key.type, id)}
      ),
      ${findingCandidates(effect)}
      matching AS (
        SELECT chunk_records.bulk_record_id FROM ${recordsOf(effect)}, chunk_records WHERE ${condition}
      )
      SELECT code, count(*) AS count FROM (
        SELECT ${BARE_CODE} AS code FROM (
          SELECT ${skipCode} AS code FROM chunk_records
          WHERE NOT EXISTS (SELECT FROM matching WHERE matching.bulk_record_id = chunk_records.bulk_record_id)
        ) AS stored) AS bare
      GROUP BY code`;
}
