import type { Queryable } from "@bulk/store/database";

/** What a foreign key does with its rows when the row that they refer to is deleted. */
export type DeleteRule = "CASCADE" | "RESTRICT" | "NO ACTION" | "SET NULL" | "SET DEFAULT";

/** A foreign key that PostgreSQL checks when rows of a table are deleted. Names are quoted where necessary. */
export type Reference = {
  /** The oid of its constraint. */
  readonly id: string;
  /** 1: it refers to the table itself; 2: to a table whose rows a cascade deletes; and so on. */
  readonly depth: number;
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  /** The referring table, with its schema. */
  readonly quoted: string;
  readonly tableId: string;
  /** Literal, in the key's order. */
  readonly columns: readonly string[];
  /** The columns as SQL lists them. */
  readonly quotedColumns: string;
  /** The table that it refers to, with its schema. */
  readonly toQuoted: string;
  readonly toTableId: string;
  readonly toColumns: readonly string[];
  readonly rule: DeleteRule;
  /** Whether one of its columns is NOT NULL, so that SET NULL fails. */
  readonly isNotNull: boolean;
  readonly deferral: "no" | "deferrable" | "deferred";
  /** The rows of the referring table, as the planner estimates; null if it was never analyzed. */
  readonly rowEstimate: number | null;
  /** Whether an index finds the rows of one value: `partial` exists but does not serve the check. */
  readonly index: "full" | "partial" | "none";
  readonly isPartitioned: boolean;
};

/**
 * Returns every foreign key that the deletion of rows of a table reaches, nearest first: those that refer to the table, and
 * those that refer to rows that cascades delete with them.
 *
 * An index serves a check if it begins with the key's columns and covers all rows, or all rows where the column is not
 * null. Keys of partitions repeat those of their parents and are left out.
 */
export async function readReferences(database: Queryable, tableId: string): Promise<readonly Reference[]> {
  return await database.$queryRaw`
    WITH RECURSIVE reached AS (
      SELECT ${tableId}::oid AS id, 0 AS depth
      UNION
      SELECT further.id, reached.depth + further.step
      FROM reached CROSS JOIN LATERAL (
        SELECT conrelid AS id, 1 AS step FROM pg_constraint
        WHERE confrelid = reached.id AND contype = 'f' AND confdeltype = 'c' AND conparentid = 0
        UNION ALL
        SELECT inhrelid, 0 FROM pg_inherits WHERE inhparent = reached.id
      ) AS further
      WHERE depth < ${MOST_LEVELS}::int
    ),
    nearest AS (SELECT id, min(depth) AS depth FROM reached GROUP BY id)
    SELECT pg_constraint.oid::text AS id, nearest.depth + 1 AS depth, quote_ident(conname) AS name,
           own_space.nspname::text AS schema, own.relname::text AS "table",
           format('%I.%I', own_space.nspname, own.relname) AS quoted, own.oid::text AS "tableId",
           own_names.columns, own_names.quoted AS "quotedColumns",
           own_names.is_not_null AS "isNotNull",
           format('%I.%I', other_space.nspname, other.relname) AS "toQuoted", other.oid::text AS "toTableId",
           other_names.columns AS "toColumns",
           CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL'
                            WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS rule,
           CASE WHEN condeferred THEN 'deferred' WHEN condeferrable THEN 'deferrable' ELSE 'no' END AS deferral,
           CASE WHEN own.reltuples >= 0 THEN own.reltuples::float8 END AS "rowEstimate",
           CASE WHEN usable.is_full THEN 'full' WHEN usable.is_full IS NOT NULL THEN 'partial' ELSE 'none' END AS index,
           own.relkind = 'p' AS "isPartitioned"
    FROM pg_constraint
    JOIN nearest ON confrelid = nearest.id
    JOIN pg_class own ON own.oid = conrelid
    JOIN pg_namespace own_space ON own_space.oid = own.relnamespace
    JOIN pg_class other ON other.oid = confrelid
    JOIN pg_namespace other_space ON other_space.oid = other.relnamespace
    CROSS JOIN LATERAL (
      SELECT array_agg(attname::text ORDER BY place) AS columns,
             string_agg(quote_ident(attname), ', ' ORDER BY place) AS quoted,
             bool_or(attnotnull) AS is_not_null
      FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    ) AS own_names
    CROSS JOIN LATERAL (
      SELECT array_agg(attname::text ORDER BY place) AS columns
      FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute ON attrelid = confrelid AND attnum = number
    ) AS other_names
    CROSS JOIN LATERAL (
      SELECT bool_or(indpred IS NULL
                     OR pg_get_expr(indpred, indrelid) = format('(%I IS NOT NULL)', own_names.columns[1])) AS is_full
      FROM pg_index
      JOIN pg_class index ON index.oid = indexrelid
      JOIN pg_am ON pg_am.oid = index.relam
      WHERE indrelid = conrelid AND indisvalid AND amname IN ('btree', 'hash')
        AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
    ) AS usable
    WHERE contype = 'f' AND conparentid = 0
    ORDER BY 2, "toQuoted", quoted, own_names.columns`;
}

/** Ends the search in a cycle of cascades. */
const MOST_LEVELS = 32;
