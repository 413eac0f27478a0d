import type { ChunkEffect } from "./chunks.ts";
import type { Database } from "./database.ts";
import { type DeletionRule, findDeletionRules } from "./inspection/deletion-rules.ts";
import { sql } from "./sql.ts";
import type { UuidList } from "./uuid-list.ts";

/** How many of the records an effect would skip now, for which reason. */
export type SkipCount = { readonly code: string; readonly count: number };

/** What an effect would do now, as far as can be told without doing it. */
export type Preview = {
  /** Most frequent reason first; to all other records the effect would apply. */
  readonly skips: readonly SkipCount[];
  /** What may decide otherwise; a preview cannot run it. */
  readonly rules: readonly DeletionRule[];
};

export type PreviewQuery = {
  readonly accountId: string;
  readonly recordIds: UuidList;
  readonly timeoutMs: number;
};

/**
 * What an effect would do to records of the account now, without doing it. One statement in a read-only transaction,
 * whatever the effect says; it sees all records at one moment and locks none. Throws SQLSTATE 57014 when the time is
 * up.
 */
export async function previewEffect(
  database: Database,
  { table, condition, skipCode }: ChunkEffect,
  { accountId, recordIds, timeoutMs }: PreviewQuery,
): Promise<Preview> {
  const matching = sql`SELECT ${table}.id FROM ${table}, chunk_records WHERE ${condition}`;
  return await database.$transaction(
    async (transaction) => {
      await transaction.$queryRaw`
        SELECT set_config('transaction_read_only', 'on', true),
               -- How many ids there are decides the plan.
               set_config('plan_cache_mode', 'force_custom_plan', true),
               set_config('statement_timeout', ${String(timeoutMs)}, true)`;
      const rules = await findDeletionRules(transaction, [table.sql]);
      const skips = await transaction.$queryRaw<SkipCount[]>`
        WITH chunk_records AS MATERIALIZED (
          SELECT ${accountId}::uuid AS account_id, record_id
          FROM unnest(${recordIds.encoded}::uuid[]) AS record_id ORDER BY record_id
        ),
        matching AS (${matching})
        SELECT code, count(*)::int AS count
        FROM (SELECT ${skipCode} AS code FROM chunk_records
              WHERE NOT EXISTS (SELECT FROM matching WHERE matching.id = chunk_records.record_id)) AS skipped
        GROUP BY code ORDER BY count DESC, code`;
      return { skips, rules };
    },
    // PostgreSQL's limit is to come first: its error says what happened.
    { timeout: timeoutMs + 5_000, maxWait: 5_000 },
  );
}
