import type { Queryable } from "../database.ts";
import { type Sql, sql } from "../sql.ts";

/** A foreign key. */
type Key = {
  readonly table: string;
  /** Quoted where necessary, in the key's order. */
  readonly columns: readonly string[];
  readonly references: string;
};

/** A foreign key without an index that finds the rows of one value. */
export type UnindexedKey = Key & {
  /** PostgreSQL cannot create an index concurrently on a partitioned table. */
  readonly isPartitioned: boolean;
};

/**
 * Returns the foreign keys that PostgreSQL checks when rows of these tables are deleted, and for which it reads the whole
 * referencing table each time. An index helps if it begins with the key's columns and covers all rows, or all rows where
 * the column is not null.
 */
export function findUnindexedKeys(
  database: Queryable,
  tables: readonly string[],
): Promise<readonly UnindexedKey[]> {
  return database.$queryRaw`
    WITH keys AS (${keysTo(tables)})
    SELECT "table", columns, "references", relkind = 'p' AS "isPartitioned"
    FROM keys JOIN pg_class ON pg_class.oid = conrelid
    WHERE NOT EXISTS (
      SELECT FROM pg_index
      JOIN pg_class AS index ON index.oid = indexrelid
      JOIN pg_am ON pg_am.oid = index.relam
      WHERE indrelid = conrelid AND indisvalid AND amname IN ('btree', 'hash')
        AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
        AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) = format('(%s IS NOT NULL)', columns[1])))
    ORDER BY 1, 2`;
}

/** A foreign key for which PostgreSQL refuses to delete a referenced row. */
export type RefusingKey = Key & { readonly rule: "RESTRICT" | "NO ACTION" };

/**
 * Returns the foreign keys that prevent the deletion of rows of a table, except those of the tables `read`: an action
 * reads these itself.
 */
export function findRefusingKeys(
  database: Queryable,
  table: string,
  read: readonly string[],
): Promise<readonly RefusingKey[]> {
  return database.$queryRaw`
    WITH keys AS (${keysTo([table])})
    SELECT "table", columns, "references", CASE confdeltype WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END AS rule
    FROM keys
    WHERE confdeltype IN ('a', 'r') AND conrelid NOT IN (SELECT to_regclass(name)::oid FROM unnest(${read}::text[]) AS name)
    ORDER BY 1, 2`;
}

// The foreign keys of any table that reference rows of these tables, or rows that a cascade deletes with them.
function keysTo(tables: readonly string[]): Sql {
  return sql`
    WITH RECURSIVE deleted AS (
      SELECT to_regclass(name)::oid AS id FROM unnest(${tables}::text[]) AS name
      UNION
      SELECT conrelid FROM pg_constraint JOIN deleted ON confrelid = deleted.id
      WHERE contype = 'f' AND confdeltype = 'c'
    )
    SELECT conrelid, conkey, confdeltype, columns,
      conrelid::regclass::text AS "table", confrelid::regclass::text AS "references"
    FROM pg_constraint
    JOIN deleted ON confrelid = deleted.id
    CROSS JOIN LATERAL (
      SELECT array_agg(quote_ident(attname) ORDER BY place) AS columns
      FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    ) AS named
    -- Those of a partition repeat its parent's.
    WHERE contype = 'f' AND conparentid = 0`;
}

/** An index that PostgreSQL updates but does not use; a unique one does not enforce uniqueness. */
export type InvalidIndex = { readonly name: string; readonly table: string };

/** Returns indexes that an unfinished CREATE INDEX CONCURRENTLY or REINDEX left; not those being built now. */
export function findInvalidIndexes(database: Queryable): Promise<readonly InvalidIndex[]> {
  return database.$queryRaw`
    SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS "table"
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    -- Of a partitioned index ('I') this only means that a partition still lacks its own.
    WHERE NOT indisvalid AND relkind = 'i'
      AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS build WHERE build.index_relid = indexrelid)
    ORDER BY 1`;
}
