import type { Queryable } from "@bulk/store/database";

/** A primary key, a unique constraint or a unique index. */
export type UniqueKey = {
  /** The name of its index. */
  readonly name: string;
  /** Literal, in the key's order; empty if it is over an expression. */
  readonly columns: readonly string[];
  readonly isPrimary: boolean;
  /** The rows it covers, as SQL; null: all of them. */
  readonly predicate: string | null;
  /** As `CREATE UNIQUE INDEX` would spell it: columns, or expressions. */
  readonly definition: string;
};

/** Returns the unique keys of a table that PostgreSQL enforces, the primary key first. */
export async function readUniqueKeys(database: Queryable, tableId: string): Promise<readonly UniqueKey[]> {
  return await database.$queryRaw`
    SELECT index.relname::text AS name, indisprimary AS "isPrimary",
           pg_get_expr(indpred, indrelid) AS predicate,
           CASE WHEN indexprs IS NULL THEN named.columns ELSE '{}' END AS columns,
           (SELECT string_agg(pg_get_indexdef(indexrelid, place, true), ', ' ORDER BY place)
            FROM generate_series(1, indnkeyatts) AS place) AS definition
    FROM pg_index
    JOIN pg_class index ON index.oid = indexrelid
    CROSS JOIN LATERAL (
      SELECT COALESCE(array_agg(attname::text ORDER BY place), '{}') AS columns
      FROM unnest((indkey::int2[])[0:indnkeyatts - 1]) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute ON attrelid = indrelid AND attnum = number
    ) AS named
    WHERE indrelid = ${tableId}::oid AND indisunique AND indisvalid
    ORDER BY indisprimary DESC, cardinality(named.columns), index.relname`;
}
