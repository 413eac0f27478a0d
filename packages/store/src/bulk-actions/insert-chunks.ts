import { type Sql, sql } from "../sql.ts";

/** Expressions over a `slice` of the submitted ids, one of which is null: the ids as `uuid[]` and as `text[]`. */
type StoredIds = { readonly uuids: Sql; readonly texts: Sql };

/**
 * A data-modifying statement: writes the chunks of a new bulk action. Reads the common table expressions `bulk_action`,
 * its row, and `submitted (ids)`.
 *
 * @param slices an item of a FROM clause over these: `slicesOf`, `slicesOfRows`, `slicesBySource` or
 *   `slicesAsBefore`
 */
export function insertChunks(slices: Sql, { uuids, texts }: StoredIds): Sql {
  return sql`
      INSERT INTO bulk.bulk_action_chunks
        (bulk_action_id, position, record_ids, text_ids, record_count, source_position)
      SELECT bulk_action.id, sliced.position, ${uuids}, ${texts}, cardinality(slice), sliced.source_position
      FROM bulk_action, submitted, LATERAL (${slices}) AS sliced`;
}

/** The slices of this size. */
export function slicesOf(chunkSize: number): Sql {
  return sql`
        SELECT position, submitted.ids[position + 1 : position + ${chunkSize}] AS slice, NULL::int AS source_position
        FROM generate_series(0, bulk_action.record_count - 1, ${chunkSize}) AS position`;
}

/** The slices of this size of ids that are rows, `selected (id)`, in this order. */
export function slicesOfRows(chunkSize: number, order: Sql): Sql {
  return sql`
        SELECT min(ordinal)::int - 1 AS position, array_agg(id ORDER BY ordinal) AS slice, NULL::int AS source_position
        FROM (SELECT id, row_number() OVER (ORDER BY ${order}) AS ordinal FROM selected) AS numbered
        GROUP BY (ordinal - 1) / ${chunkSize}`;
}

/**
 * The slices of a restore: one for each chunk whose records it brings back. Reads `submitted (ids, sources)`: the position
 * of that chunk beside each id, ascending.
 */
export const slicesBySource: Sql = sql`
        SELECT min(ordinal)::int - 1 AS position, array_agg(id ORDER BY ordinal) AS slice, source AS source_position
        FROM unnest(submitted.ids, submitted.sources) WITH ORDINALITY AS part (id, source, ordinal)
        GROUP BY source`;

/**
 * The slices of a retry, which are by source if it retries a restore. `submitted.sources` is null if not. Its ids are texts:
 * to cut a slice out of them, PostgreSQL would read all that are before it.
 */
export function slicesAsBefore(chunkSize: number): Sql {
  return sql`
        SELECT * FROM (
          SELECT min(ordinal)::int - 1 AS position, array_agg(id ORDER BY ordinal) AS slice, NULL::int AS source_position
          FROM unnest(submitted.ids) WITH ORDINALITY AS part (id, ordinal)
          GROUP BY (ordinal - 1) / ${chunkSize}) AS even WHERE submitted.sources IS NULL
        UNION ALL
        SELECT * FROM (${slicesBySource}) AS by_source WHERE submitted.sources IS NOT NULL`;
}

// What an action's key is may have changed since: these ids are what the ids of the former bulk action were.
/** The ids as the bulk action stored them that they come from. Reads `submitted (are_uuids)`. */
export const STORED_AS_BEFORE: StoredIds = {
  uuids: sql`CASE WHEN submitted.are_uuids THEN slice::uuid[] END`,
  texts: sql`CASE WHEN NOT submitted.are_uuids THEN slice END`,
};
