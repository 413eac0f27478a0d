import type { ChunkEffect } from "./chunks.ts";
import type { Database } from "./database.ts";
import { sql, textArray } from "./sql.ts";

/** How many of the records an effect would skip now, for which reason. */
export type SkipCount = { readonly code: string; readonly count: number };

export type PreviewQuery = {
  readonly accountId: string;
  /** Valid UUIDs, each once. */
  readonly recordIds: readonly string[];
  readonly timeoutMs: number;
};

/**
 * What an effect would do to records of the account now, without doing it: how many it would skip, most
 * frequent reason first; to all others it would apply. One statement in a read-only transaction, whatever the
 * effect says; it sees all records at one moment and locks none. Throws SQLSTATE 57014 when the time is up.
 */
export async function previewEffect(
  database: Database,
  { table, condition, skipCode }: ChunkEffect,
  { accountId, recordIds, timeoutMs }: PreviewQuery,
): Promise<readonly SkipCount[]> {
  const matching = sql`SELECT ${table}.id FROM ${table}, chunk_records WHERE ${condition}`;
  return await database.$transaction(
    async (transaction) => {
      await transaction.$queryRaw`
        SELECT set_config('transaction_read_only', 'on', true),
               -- How many ids there are decides the plan.
               set_config('plan_cache_mode', 'force_custom_plan', true),
               set_config('statement_timeout', ${String(timeoutMs)}, true)`;
      return await transaction.$queryRaw<SkipCount[]>`
        WITH chunk_records AS MATERIALIZED (
          SELECT ${accountId}::uuid AS account_id, record_id
          FROM unnest(${textArray(recordIds)}::uuid[]) AS record_id ORDER BY record_id
        ),
        matching AS (${matching})
        SELECT code, count(*)::int AS count
        FROM (SELECT ${skipCode} AS code FROM chunk_records
              WHERE NOT EXISTS (SELECT FROM matching WHERE matching.id = chunk_records.record_id)) AS skipped
        GROUP BY code ORDER BY count DESC, code`;
    },
    // PostgreSQL's limit is to come first: its error says what happened.
    { timeout: timeoutMs + 5_000, maxWait: 5_000 },
  );
}
