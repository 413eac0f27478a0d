import type { TableShape } from "@bulk/store/inspection/table-shape";
import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";

/** A table whose rows were kept, as it is now. */
export type KeptTable = {
  /** `record`, or the name of the related rows. */
  readonly part: string;
  readonly table: Sql;
  readonly shape: TableShape;
};

/**
 * Two named queries: the rows of this part that the chunk has kept, as rows of the table as it is now, under the name
 * `kept_<part>`. Beside the table's columns they have `bulk_ordinal` and `bulk_had`: the columns that the row had when it was
 * kept, or null if those are the present ones. Read `claimed (restore_of_id, source_position)`.
 */
export function readKept({ part, table, shape }: KeptTable): readonly Sql[] {
  const columns = shape.columns.map(({ name }) => name);
  return [
    // Materialized: each `.*` would otherwise parse the row once for each column.
    sql`${lines_(part)} AS MATERIALIZED (
      SELECT (CASE WHEN kept.columns = ${columns}::text[] THEN line
                   ELSE bulk.fit_row(line, kept.columns, ${columns}::text[]) END)::${table} AS bulk_row,
             row_number() OVER () AS bulk_ordinal,
             NULLIF(kept.columns, ${columns}::text[]) AS bulk_had
      FROM claimed
      JOIN bulk.bulk_actions origin ON origin.id = claimed.restore_of_id
      JOIN bulk.kept_rows kept ON kept.slot = origin.kept_slot AND kept.bulk_action_id = origin.id
        AND kept.position = claimed.source_position AND kept.part = ${part}
      CROSS JOIN unnest(kept.rows) AS line
    )`,
    sql`${kept_(part)} AS (
      SELECT (bulk_row).*, bulk_ordinal, bulk_had FROM ${lines_(part)}
    )`,
  ];
}

/** The query of `readKept`. */
export function kept_(part: string): Sql {
  return written(`kept_${part}`);
}

function lines_(part: string): Sql {
  return written(`lines_${part}`);
}

/** What an INSERT of kept rows lists: the columns, and their values from a kept row with this alias. */
export function insertedColumns(
  { columns }: TableShape,
  alias: string,
): { readonly columns: Sql; readonly values: Sql } {
  const stored = columns.filter(({ isGenerated }) => !isGenerated);
  return {
    columns: joinSql(
      stored.map(({ name }) => identifier(name)),
      ", ",
    ),
    values: joinSql(
      stored.map(({ name, default: byDefault }) => {
        const value = identifier(alias, name);
        if (byDefault === null) return value;
        // The table has got the column since.
        return sql`CASE WHEN bulk_had IS NULL OR ${name}::text = ANY (bulk_had) THEN ${value} ELSE ${written(byDefault)} END`;
      }),
      ", ",
    ),
  };
}
