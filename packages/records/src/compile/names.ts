import { identifier, type Sql } from "@bulk/store/sql";
import type { RecordDeclaration } from "../declaration/records-file.ts";
import { type TableName, tableOf } from "../declaration/tables.ts";

/** The declaration of related rows. */
export type Related = NonNullable<RecordDeclaration["related"]>[string];

/** Returns the table of the record, or of related rows. Throws for a name that loading would have refused. */
export function loadTable(record: RecordDeclaration, target = "record"): TableName {
  const table = tableOf(record, target);
  if (table === undefined) throw new Error(`There are no related rows ${target}.`);
  return table;
}

/** Returns related rows by name. Throws for a name that loading would have refused. */
export function loadRelated({ related = {} }: RecordDeclaration, name: string): Related {
  const found = related[name];
  if (found === undefined) throw new Error(`There are no related rows ${name}.`);
  return found;
}

/** The key's column of a record's row, which has the name of its table. */
export function keyColumn({ table, key }: RecordDeclaration): Sql {
  return identifier(table, key.column);
}

/** The name of the rows that related rows refer to: `record`, or that of other related rows. */
export function parentOf(record: RecordDeclaration, name: string): string {
  return loadRelated(record, name).of ?? "record";
}

/** The names of related rows from the record down to this one. */
export function pathTo(record: RecordDeclaration, name: string): readonly string[] {
  const parent = parentOf(record, name);
  return parent === "record" ? [name] : [...pathTo(record, parent), name];
}

/**
 * The columns of a row that the rows of these names refer to, if it is their parent; of rows that refer to each other
 * also those.
 */
export function referredColumns(
  record: RecordDeclaration,
  parent: string,
  names: readonly string[],
): readonly string[] {
  const children = names.filter((name) => parentOf(record, name) === parent);
  const related = children.map((name) => loadRelated(record, name));
  const own = record.related?.[parent];
  const all = own?.recursive ? [own, ...related] : related;
  return [...new Set(all.flatMap(({ on }) => Object.values(on)))];
}
