import { compileAlive, compileExceptions } from "@bulk/records/compile/compile-conditions";
import { keyColumn, loadRelated, loadTable, parentOf } from "@bulk/records/compile/names";
import { refersTo, tableAs, whereOf } from "@bulk/records/compile/related-rows";
import type { ActionDeclaration, RecordDeclaration } from "@bulk/records/declaration/records-file";
import { identifier, joinSql, type Sql, sql } from "@bulk/store/sql";

/** A query for the keys, as text, of records that are alive and that no protection of the action holds. */
export function choosing(record: RecordDeclaration, action: ActionDeclaration, most: number): Sql {
  const conditions = [sql`true`, ...compileAlive(record), ...compileExceptions(record, action)];
  return sql`
    SELECT ${keyColumn(record)}::text AS key FROM ${rowsOf(record, "record")}
    WHERE ${joinSql(conditions, " AND ")} LIMIT ${most}::int`;
}

/** The condition over rows of a target, under its name, that they are the records with these keys, or go with them. */
export function isOfChosen(record: RecordDeclaration, target: string, keys: readonly string[]): Sql {
  if (target === "record") return sql`${keyColumn(record)}::text = ANY (${keys}::text[])`;
  const related = loadRelated(record, target);
  const parent = parentOf(record, target);
  const alias = parent === "record" ? record.table : parent;
  const exists = sql`EXISTS (
    SELECT FROM ${rowsOf(record, parent)}
    WHERE ${refersTo(target, related, alias)} AND ${isOfChosen(record, parent, keys)})`;
  return joinSql([...whereOf(related), exists], " AND ");
}

/** The rows of a target, under the name that conditions have for it. */
export function rowsOf(record: RecordDeclaration, target: string): Sql {
  if (target !== "record") return tableAs(record, target);
  const { schema, table } = loadTable(record);
  return identifier(schema, table);
}
