import type { ShapeReference, ShapeUnique, TableShape } from "@bulk/store/inspection/table-shape";
import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";

/** A row that may come back. */
export type Comer = {
  readonly table: Sql;
  /** The alias under which the conditions find the row. */
  readonly alias: string;
  /** The key's column. */
  readonly key: string;
  /** A select list: the columns of the row as it would be. */
  readonly image: Sql;
  readonly shape: TableShape;
};

/** Why a row cannot come back: a skip code, and the condition under which it holds. */
export type Conflict = { readonly code: string; readonly holds: Sql };

/** What may stand in the way of a row, in the order in which it is looked at. */
export function listConflicts(comer: Comer): readonly Conflict[] {
  const { uniques, references } = comer.shape;
  return [
    ...uniques
      .filter(({ keys, predicate }) => predicate !== null || !isKey(keys, comer.key))
      .map((unique) => ({ code: `record.unique_taken:${unique.name}`, holds: isTaken(comer, unique) })),
    ...references
      .filter(({ isReadable, isToItself }) => isReadable && !isToItself)
      .map((reference) => ({ code: "record.parent_gone", holds: isParentGone(comer, reference) })),
  ];
}

function isKey(keys: readonly string[], key: string): boolean {
  return keys.length === 1 && keys[0] === identifier(key).sql.replace(/^"([a-z_][a-z0-9_$]*)"$/, "$1");
}

// The keys and the predicate of an index name columns without their table, so each is read where only one table is.
function isTaken({ table, alias, key, image }: Comer, { keys, predicate, areNullsEqual }: ShapeUnique): Sql {
  const listed = joinSql(
    keys.map((expression, index) => sql`${written(expression)} AS ${column(index)}`),
    ", ",
  );
  const covered = predicate === null ? sql`true` : sql`(${written(predicate)})`;
  const equal = areNullsEqual ? sql`IS NOT DISTINCT FROM` : sql`=`;
  const pairs = keys.map(
    (_, index) => sql`bulk_taken.${column(index)} ${equal} bulk_wanted.${column(index)}`,
  );
  return sql`EXISTS (
          SELECT FROM (SELECT ${listed}, ${identifier(key)} AS bulk_key FROM ${table} WHERE ${covered}) AS bulk_taken
          CROSS JOIN (SELECT ${listed} FROM (SELECT ${image}) AS bulk_comer WHERE ${covered}) AS bulk_wanted
          WHERE ${joinSql(pairs, " AND ")} AND bulk_taken.bulk_key IS DISTINCT FROM ${identifier(alias, key)})`;
}

function column(index: number): Sql {
  return written(`bulk_${index + 1}`);
}

function isParentGone({ alias }: Comer, { columns, to, toColumns }: ShapeReference): Sql {
  const values = columns.map((name) => identifier(alias, name));
  const pairs = toColumns.map((name, index) => sql`bulk_parent.${identifier(name)} = ${values[index]}`);
  return sql`(${joinSql(
    values.map((value) => sql`${value} IS NOT NULL`),
    " AND ",
  )} AND NOT EXISTS (
          SELECT FROM ${written(to)} AS bulk_parent WHERE ${joinSql(pairs, " AND ")}))`;
}
