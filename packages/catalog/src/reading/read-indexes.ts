import type { Queryable } from "@bulk/store/database";

/** An index by which rows of a column's values or ranges are found. */
export type Index = {
  readonly name: string;
  /** Its columns in order, literal; null: an expression. */
  readonly columns: readonly (string | null)[];
};

/** Returns the usable B-tree indexes over all rows of a table. */
export async function readIndexes(database: Queryable, tableId: string): Promise<readonly Index[]> {
  return await database.$queryRaw`
    SELECT index.relname::text AS name, (
      SELECT array_agg(attname::text ORDER BY place)
      FROM unnest((indkey::int2[])[0:indnkeyatts - 1]) WITH ORDINALITY AS key (number, place)
      LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number > 0
    ) AS columns
    FROM pg_index
    JOIN pg_class index ON index.oid = indexrelid
    JOIN pg_am ON pg_am.oid = index.relam
    WHERE indrelid = ${tableId}::oid AND indisvalid AND indpred IS NULL AND amname = 'btree'
    ORDER BY cardinality(indkey::int2[]), index.relname`;
}
