import type { Queryable } from "../database.ts";

/** What an INSERT into a table has to know. All SQL is as PostgreSQL prints it, quoted where necessary. */
export type TableShape = {
  readonly columns: readonly ShapeColumn[];
  /** Literal; empty without a primary key. */
  readonly primaryKey: readonly string[];
  readonly uniques: readonly ShapeUnique[];
  readonly references: readonly ShapeReference[];
  /** Whether ON CONFLICT works: it supports no unique constraint that is deferrable. */
  readonly isConflictSafe: boolean;
};

export type ShapeColumn = {
  /** Literal. */
  readonly name: string;
  /** An expression; null: NULL. */
  readonly default: string | null;
  readonly isGenerated: boolean;
};

/** A unique index; a primary key has one. */
export type ShapeUnique = {
  readonly name: string;
  /** Columns or expressions over the table's columns, unqualified. */
  readonly keys: readonly string[];
  /** The rows it covers; null: all. */
  readonly predicate: string | null;
  readonly areNullsEqual: boolean;
};

/** A foreign key of the table. */
export type ShapeReference = {
  readonly name: string;
  /** Literal, in the key's order. */
  readonly columns: readonly string[];
  /** The table that it refers to. */
  readonly to: string;
  readonly toColumns: readonly string[];
  readonly isToItself: boolean;
  /** Whether the user of this connection may look whether the row that is referred to is there. */
  readonly isReadable: boolean;
};

/** Returns a table as it is now. */
export async function readTableShape(database: Queryable, table: string): Promise<TableShape> {
  const [shape] = await database.$queryRaw<TableShape[]>`
    WITH shaped AS (SELECT ${table}::text::regclass::oid AS id)
    SELECT
      (SELECT COALESCE(json_agg(json_build_object('name', attname, 'isGenerated', attgenerated <> '', 'default',
         CASE WHEN attidentity <> '' THEN format('nextval(%L::regclass)', pg_get_serial_sequence(id::regclass::text, attname))
              WHEN attgenerated = '' THEN pg_get_expr(adbin, adrelid) END) ORDER BY attnum), '[]')
       FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid = id AND attnum > 0 AND NOT attisdropped) AS columns,
      (SELECT COALESCE(json_agg(attname ORDER BY place), '[]')
       FROM pg_index CROSS JOIN unnest(indkey::int2[]) WITH ORDINALITY AS key (number, place)
       JOIN pg_attribute ON attrelid = indrelid AND attnum = number
       WHERE indrelid = id AND indisprimary AND place <= indnkeyatts) AS "primaryKey",
      (SELECT COALESCE(json_agg(json_build_object('name', relname, 'predicate', pg_get_expr(indpred, indrelid),
         'areNullsEqual', COALESCE((to_jsonb(pg_index) ->> 'indnullsnotdistinct')::boolean, false),
         'keys', (SELECT json_agg(pg_get_indexdef(indexrelid, place, false) ORDER BY place)
                  FROM generate_series(1, indnkeyatts) AS place)) ORDER BY relname), '[]')
       FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
       WHERE indrelid = id AND indisunique AND indisready) AS uniques,
      (SELECT COALESCE(json_agg(json_build_object('name', conname, 'to', format('%I.%I', nspname, relname),
         'isToItself', confrelid = conrelid, 'isReadable', has_table_privilege(confrelid, 'SELECT'),
         'columns', (SELECT json_agg(attname ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
         'toColumns', (SELECT json_agg(attname ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
                       JOIN pg_attribute ON attrelid = confrelid AND attnum = number)) ORDER BY conname), '[]')
       FROM pg_constraint JOIN pg_class ON pg_class.oid = confrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE conrelid = id AND contype = 'f' AND confrelid <> 0
         AND (conparentid = 0 OR NOT EXISTS (SELECT FROM pg_constraint above WHERE above.oid = pg_constraint.conparentid
                                               AND above.conrelid = id))) AS "references",
      NOT EXISTS (SELECT FROM pg_index WHERE indrelid = id AND (indisunique OR indisexclusion) AND NOT indimmediate)
        AS "isConflictSafe"
    FROM shaped`;
  if (shape === undefined) throw new Error(`There is no table ${table}.`);
  return shape;
}
