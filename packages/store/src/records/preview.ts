import { ACCOUNT_KEY } from "../accounts/account-key.ts";
import type { ChunkEffect } from "../chunks/chunk-effect.ts";
import { asKey, idsType, keyOrder } from "../chunks/key-column.ts";
import { type Database, transactDirectly } from "../database.ts";
import { type ChangeRule, findChangeRules } from "../inspection/change-rules.ts";
import type { RecordIds } from "../record-ids/read-record-ids.ts";
import { type Sql, sql } from "../sql.ts";
import { BARE_CODE } from "./bare-code.ts";

/** How many records an effect would skip now, by reason. */
export type SkipCount = { readonly code: string; readonly count: number };

/** What an effect would do now, as far as that can be known without running it. */
export type Preview = {
  /** Most frequent reason first. The effect would apply to all other records. */
  readonly skips: readonly SkipCount[];
  /** The rules of the database that may overrule the effect; a preview cannot run them. */
  readonly rules: readonly ChangeRule[];
};

export type PreviewQuery = {
  readonly accountId: string;
  readonly recordIds: RecordIds;
  readonly timeoutMs: number;
};

/**
 * Previews an effect on records of the account: one statement in a read-only transaction, which sees all records at one
 * moment and locks none. Throws SQLSTATE 57014 if it takes longer than `timeoutMs`.
 */
export async function previewEffect(
  database: Database,
  effect: ChunkEffect,
  { accountId, recordIds, timeoutMs }: PreviewQuery,
): Promise<Preview> {
  const { table, key, condition, skipCode } = effect;
  const matching = sql`SELECT ${key.column} AS bulk_record_id FROM ${table}, chunk_records WHERE ${condition}`;
  const rules = await findChangeRules(database, [effect]);
  const skips = await transactDirectly<SkipCount>(database, [
    beginPreview(timeoutMs),
    sql`
        WITH chunk_records AS MATERIALIZED (
          SELECT ${asKey(key.type, SUBMITTED_ID)} AS bulk_record_id, account.id AS bulk_account_id,
                 ${ACCOUNT_KEY} AS bulk_account_key
          FROM bulk.accounts account CROSS JOIN unnest(${recordIds.encoded}::${idsType(key.type)}) AS submitted (record_id)
          WHERE account.id = ${accountId}::uuid
          ORDER BY ${keyOrder(key.type, SUBMITTED_ID)}
        ),
        matching AS (${matching})
        SELECT code, count(*)::int AS count
        FROM (SELECT ${BARE_CODE} AS code FROM (
          SELECT ${skipCode} AS code FROM chunk_records
          WHERE NOT EXISTS (SELECT FROM matching WHERE matching.bulk_record_id = chunk_records.bulk_record_id)
        ) AS stored) AS skipped
        GROUP BY code ORDER BY count DESC, code`,
  ]);
  return { skips, rules };
}

/** The first statement of a preview's transaction: nothing is written, and no statement takes longer than `timeoutMs`. */
export function beginPreview(timeoutMs: number): Sql {
  return sql`
        SELECT set_config('transaction_read_only', 'on', true),
               -- The number of ids decides the plan.
               set_config('plan_cache_mode', 'force_custom_plan', true),
               set_config('statement_timeout', ${String(timeoutMs)}, true)`;
}

const SUBMITTED_ID = sql`submitted.record_id`;
