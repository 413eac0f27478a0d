import type { BulkAction } from "@bulk/domain/bulk-actions/bulk-action";
import type { Database } from "../../database.ts";
import { type Sql, sql, textArray } from "../../sql.ts";

/**
 * How much memory the ids of a bulk action take, in ids of the size of a UUID: UUIDs and integers count as one each, long
 * texts as several.
 */
export type IdWeight = {
  readonly total: number;
  /** The weight of its heaviest chunk. */
  readonly chunk: number;
  /** The number of ids. */
  readonly count: number;
};

/** Weighs the ids of the accounts' bulk actions, without reading them. Those that do not exist are absent. */
export async function weighIds(
  database: Database,
  keys: readonly Pick<BulkAction, "id" | "accountId">[],
): Promise<ReadonlyMap<string, IdWeight>> {
  const accountIds = textArray(keys.map(({ accountId }) => accountId));
  const ids = textArray(keys.map(({ id }) => id));
  const rows = await database.$queryRaw<(IdWeight & { id: string })[]>`
    SELECT bulk_action.id, sum(${CHUNK_WEIGHT})::int AS total, max(${CHUNK_WEIGHT})::int AS chunk,
           bulk_action.record_count AS count
    FROM unnest(${accountIds}::uuid[], ${ids}::uuid[]) AS key (account_id, id)
    JOIN bulk.bulk_actions bulk_action ON bulk_action.account_id = key.account_id AND bulk_action.id = key.id
    JOIN bulk.bulk_action_chunks chunk ON chunk.bulk_action_id = bulk_action.id
    GROUP BY bulk_action.id`;
  return new Map(rows.map(({ id, ...weight }) => [id, weight]));
}

/**
 * The weight of the ids of `chunk`. The column is stored without compression, so its size is known without reading it.
 * A UUID has 36 characters; half as many bytes count as much, since each character of a string takes two if one of
 * them is not Latin.
 */
export const CHUNK_WEIGHT: Sql = sql`GREATEST(chunk.record_count, pg_column_size(chunk.text_ids) / 18)`;
