import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";
import { isExpression } from "../declaration/is-expression.ts";
import type { RecordDeclaration } from "../declaration/records-file.ts";
import { loadRelated, loadTable, type Related } from "./names.ts";

/** The table of related rows, under their name. */
export function tableAs(record: RecordDeclaration, name: string): Sql {
  const { schema, table } = loadTable(record, name);
  return sql`${identifier(schema, table)} AS ${identifier(name)}`;
}

/** The operator's condition of related rows, if there is one. */
export function whereOf({ where }: Related): readonly Sql[] {
  return where === undefined ? [] : [sql`(${written(where)})`];
}

/** The condition that a related row refers to a row with this alias by all pairs of columns. */
export function refersTo(name: string, { on }: Related, alias: string): Sql {
  const pairs = Object.entries(on).map(
    ([column, parentColumn]) => sql`${compileColumn(name, column)} = ${identifier(alias, parentColumn)}`,
  );
  return joinSql(pairs, " AND ");
}

/**
 * A query of the rows that related rows refer to: `bulk_1`, `bulk_2`, … for the pairs of `on`. These cannot be names of
 * the host's columns, so that a name in a condition of the operator stays unambiguous.
 */
export function parentKeys({ on }: Related, from: Sql, select = sql`SELECT`): Sql {
  const columns = Object.values(on).map(
    (column, index) => sql`${identifier(column)} AS ${written(`bulk_${index + 1}`)}`,
  );
  return sql`${select} ${joinSql(columns, ", ")} FROM ${from}`;
}

/** The condition that a related row refers to a row of `bulk_parent`, which is such a query. */
export function refersToParent(name: string, { on }: Related): Sql {
  const pairs = Object.keys(on).map(
    (column, index) => sql`${compileColumn(name, column)} = bulk_parent.${written(`bulk_${index + 1}`)}`,
  );
  return joinSql(pairs, " AND ");
}

/** A key of `on`: an expression of the operator, or a column. */
function compileColumn(name: string, column: string): Sql {
  return isExpression(column) ? written(column) : identifier(name, column);
}

export type Descent = {
  readonly record: RecordDeclaration;
  readonly name: string;
  /** The tables and conditions of the first rows. */
  readonly first: { readonly from: Sql; readonly conditions: readonly Sql[] };
  /** Conditions of all rows, beside that of the operator. */
  readonly conditions: readonly Sql[];
  /** What is selected of each row, with names of its own. */
  readonly columns: readonly Sql[];
};

/**
 * A query of related rows, and of the rows that refer to those, and so on. Each row is found once, so that a cycle in
 * the rows ends.
 */
export function descend({ record, name, first, conditions, columns }: Descent): Sql {
  const related = loadRelated(record, name);
  const selected = joinSql([...columns, ...rowIdentity(name)], ", ");
  const common = [...whereOf(related), ...conditions];
  return sql`
      WITH RECURSIVE bulk_found AS (
        SELECT ${selected}
        FROM ${first.from}
        WHERE ${joinSql([...first.conditions, ...common], "\n          AND ")}
        UNION
        SELECT ${selected}
        FROM (${parentKeys(related, sql`bulk_found`)}) AS bulk_parent
        JOIN ${tableAs(record, name)} ON ${refersToParent(name, related)}
        ${common.length === 0 ? sql`` : sql`WHERE ${joinSql(common, "\n          AND ")}`}
      )`;
}

/** What distinguishes the rows of a table from each other, and from those of its partitions. */
export function rowIdentity(name: string): readonly Sql[] {
  const alias = identifier(name);
  // As text: PostgreSQL cannot hash a tid before version 14.
  return [sql`${alias}.tableoid AS bulk_table`, sql`${alias}.ctid::text AS bulk_row`];
}
