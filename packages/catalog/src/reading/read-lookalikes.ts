import type { Queryable } from "@bulk/store/database";
import { type Sql, sql } from "@bulk/store/sql";
import { IS_HOST_SCHEMA } from "./find-tables.ts";

/** A column that looks like a reference to a table, without a foreign key. */
export type Lookalike = {
  readonly schema: string;
  readonly table: string;
  /** The table, with its schema, quoted where necessary. */
  readonly quoted: string;
  readonly tableId: string;
  readonly column: string;
  /** The column of the key that it seems to hold. */
  readonly keyColumn: string;
  readonly rowEstimate: number | null;
  readonly isIndexed: boolean;
};

/**
 * Returns the columns of the host's tables whose name ends with one of the endings, whose type is like that of the key's
 * column, and that no foreign key uses.
 *
 * @param endings lower case, without `_`, `-` and spaces: `productid` finds `product_id`, `productId` and `"linked product id"`
 */
export async function readLookalikes(
  database: Queryable,
  tableId: string,
  key: { readonly column: string; readonly endings: readonly string[] },
): Promise<readonly Lookalike[]> {
  return await database.$queryRaw`
    WITH key AS (
      SELECT ${KIND} AS kind FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
      WHERE attrelid = ${tableId}::oid AND attname = ${key.column}
    )
    SELECT nspname::text AS schema, relname::text AS "table", format('%I.%I', nspname, relname) AS quoted,
           pg_class.oid::text AS "tableId", attname::text AS column, ${key.column} AS "keyColumn",
           CASE WHEN reltuples >= 0 THEN reltuples::float8 END AS "rowEstimate",
           EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisvalid AND indpred IS NULL
                     AND indkey[0] = attnum) AS "isIndexed"
    FROM pg_attribute
    JOIN pg_type ON pg_type.oid = atttypid
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN key ON key.kind = ${KIND}
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0 AND NOT attisdropped AND ${IS_HOST_SCHEMA}
      AND EXISTS (SELECT FROM unnest(${key.endings}::text[]) AS ending
                  WHERE right(translate(lower(attname), '_- ', ''), length(ending)) = ending)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = pg_class.oid AND attnum = ANY (conkey))
      AND NOT (pg_class.oid = ${tableId}::oid AND attname = ${key.column})
    ORDER BY 3, attnum`;
}

// A smallint may hold a bigint key, a varchar a text key.
const KIND: Sql = sql`CASE WHEN typname IN ('int2', 'int4', 'int8') THEN 'integer'
                           WHEN typname IN ('text', 'varchar') THEN 'text' ELSE typname::text END`;
