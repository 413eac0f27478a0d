import type { Queryable } from "../database.ts";

/** A foreign key without an index that finds the rows of one value. */
export type UnindexedKey = {
  readonly table: string;
  /** Quoted where they need it, in the key's order. */
  readonly columns: readonly string[];
  readonly references: string;
  /** An index cannot be made concurrently on a partitioned table. */
  readonly isPartitioned: boolean;
};

/**
 * The foreign keys, of any table whatever, that PostgreSQL checks when rows of these tables are deleted and for
 * which it has to read the whole table each time. With a key that cascades, those of its own table count too.
 *
 * An index helps if it begins with the key's columns and has all rows in it, or all where the column is not null.
 */
export function findUnindexedKeys(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly UnindexedKey[]> {
  return database.$queryRaw`
    WITH RECURSIVE deleted AS (
      SELECT to_regclass(name)::oid AS id FROM unnest(${tables}::text[]) AS name
      UNION
      SELECT conrelid FROM pg_constraint JOIN deleted ON confrelid = deleted.id
      WHERE contype = 'f' AND confdeltype = 'c'
    )
    SELECT conrelid::regclass::text AS "table", columns, confrelid::regclass::text AS "references",
      relkind = 'p' AS "isPartitioned"
    FROM pg_constraint
    JOIN deleted ON confrelid = deleted.id
    JOIN pg_class ON pg_class.oid = conrelid
    CROSS JOIN LATERAL (
      SELECT array_agg(quote_ident(attname) ORDER BY place) AS columns
      FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    ) AS named
    -- Those of a partition repeat its parent's.
    WHERE contype = 'f' AND conparentid = 0 AND NOT EXISTS (
      SELECT FROM pg_index
      JOIN pg_class AS index ON index.oid = indexrelid
      JOIN pg_am ON pg_am.oid = index.relam
      WHERE indrelid = conrelid AND indisvalid AND amname IN ('btree', 'hash')
        AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
        AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) = format('(%s IS NOT NULL)', columns[1])))
    ORDER BY 1, 2`;
}

/** An index that PostgreSQL keeps up to date but does not use; a unique one keeps nothing unique. */
export type InvalidIndex = { readonly name: string; readonly table: string };

/** What a CREATE INDEX CONCURRENTLY or REINDEX that did not end has left; not one that is being built now. */
export function findInvalidIndexes(database: Queryable): Promise<readonly InvalidIndex[]> {
  return database.$queryRaw`
    SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS "table"
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    -- Of a partitioned index ('I') this only means that a partition is still without one.
    WHERE NOT indisvalid AND relkind = 'i'
      AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS build WHERE build.index_relid = indexrelid)
    ORDER BY 1`;
}
