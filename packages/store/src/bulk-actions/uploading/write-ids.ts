import type { KeyType } from "@bulk/domain/keys/key-type";
import { idsColumn, idsType } from "../../chunks/key-column.ts";
import type { Query } from "../../database.ts";
import type { RecordIds } from "../../record-ids/read-record-ids.ts";
import { type Sql, sql } from "../../sql.ts";
import { slicesOf } from "../insert-chunks.ts";

/** Where a batch of ids belongs. */
type Place = {
  /** The bulk action. */
  readonly id: string;
  /** The index of the first id of the batch. */
  readonly position: number;
  readonly chunkSize: number;
};

/** Writes a batch of ids as chunks of a bulk action; the last one may be shorter. */
export async function writeIds(
  query: Query,
  { id, position, chunkSize }: Place,
  { type, count, encoded }: RecordIds,
): Promise<void> {
  await query(sql`
    WITH bulk_action AS (SELECT ${id}::uuid AS id, ${count}::int AS record_count),
    submitted AS MATERIALIZED (SELECT ${encoded}::${idsType(type)} AS ids)
    INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, ${idsColumn(type)}, record_count)
    SELECT bulk_action.id, ${position}::int + sliced.position, slice, cardinality(slice)
    FROM bulk_action, submitted, LATERAL (${slicesOf(chunkSize)}) AS sliced`);
}

type Written = {
  readonly id: string;
  /** How many ids were written. */
  readonly count: number;
  readonly keyType: KeyType;
  readonly accountId: string;
  readonly actionType: string;
  readonly chunkSize: number;
};

/**
 * Keeps the first of each id that was written more than once. Returns the bulk action that has the distinct ids, which may be
 * another, and their number. Nearly every upload has no such id, so it pays to find that out first: a sort, and nothing
 * written.
 */
export async function keepFirst(
  query: Query,
  written: Written,
): Promise<{ readonly id: string; readonly count: number }> {
  const { id, count, keyType } = written;
  // Sorts on disk take several times as long with the usual 4 MB.
  await query(sql`SELECT set_config('work_mem', '64MB', true)`);
  const [found] = await query<{ count: number }>(sql`
    SELECT count(DISTINCT ${sorted(keyType, sql`part.id`)})::int AS count
    FROM bulk.bulk_action_chunks chunk, unnest(chunk.${idsColumn(keyType)}) AS part (id)
    WHERE chunk.bulk_action_id = ${id}::uuid`);
  const distinct = found?.count ?? 0;
  if (distinct === count) return { id, count };
  return { id: await writeDistinct(query, written), count: distinct };
}

/**
 * Writes the distinct ids as a bulk action of their own, and deletes the first one, whose chunks go with it. Changing chunks
 * in place would move their positions through each other.
 */
async function writeDistinct(
  query: Query,
  { id, keyType, accountId, actionType, chunkSize }: Written,
): Promise<string> {
  const column = idsColumn(keyType);
  const [draft] = await query<{ id: string }>(sql`
    INSERT INTO bulk.bulk_actions (account_id, action_type, record_count)
    VALUES (${accountId}::uuid, ${actionType}, 0) RETURNING id`);
  if (draft === undefined) throw new Error("INSERT returned no row.");
  await query(sql`
    INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, ${column}, record_count)
    SELECT ${draft.id}::uuid, min(index)::int, array_agg(id ORDER BY index), count(*)::int
    FROM (
      SELECT id, row_number() OVER (ORDER BY first) - 1 AS index FROM (
        SELECT ${sorted(keyType, sql`part.id`)} AS id, min(chunk.position + part.ordinal) AS first
        FROM bulk.bulk_action_chunks chunk, unnest(chunk.${column}) WITH ORDINALITY AS part (id, ordinal)
        WHERE chunk.bulk_action_id = ${id}::uuid GROUP BY 1
      ) AS found
    ) AS numbered
    GROUP BY index / ${chunkSize}::int`);
  await query(sql`DELETE FROM bulk.bulk_actions WHERE id = ${id}::uuid AND account_id = ${accountId}::uuid`);
  return draft.id;
}

// Texts are compared by their bytes, as everywhere.
function sorted(keyType: KeyType, id: Sql): Sql {
  return keyType === "uuid" ? id : sql`${id} COLLATE "C"`;
}
