import type { KeyType } from "@bulk/domain/keys/key-type";
import type { Column } from "../reading/read-columns.ts";
import type { TableModel } from "../reading/read-table.ts";

/** The column whose values name records, or why there is none. */
export type KeyGuess =
  | { readonly kind: "found"; readonly column: string; readonly type: KeyType; readonly why: string }
  | { readonly kind: "none"; readonly reasons: readonly string[] };

/**
 * Chooses the key of a record: the column that the operator names; or the primary key, unless it is a number and another
 * unique column is a uuid: then the number is for foreign keys, and the uuid for the world.
 */
export function guessKey(table: TableModel, wanted: string | undefined): KeyGuess {
  const usable = table.columns.filter((column) => findKeyFault(table, column) === undefined);
  if (wanted !== undefined) return chooseWanted(table, wanted);
  const primary = usable.find(({ name }) => isPrimary(table, name));
  const uuid = usable.find(({ keyType }) => keyType === "uuid");
  if (uuid !== undefined && primary !== undefined && primary !== uuid) {
    if (primary.keyType !== "text") return found(uuid, `unique, beside the primary key ${primary.name}`);
  }
  if (primary !== undefined) return found(primary, "the primary key");
  const other = uuid ?? usable[0];
  if (other !== undefined) return found(other, "unique");
  return { kind: "none", reasons: describeKeys(table) };
}

function chooseWanted(table: TableModel, wanted: string): KeyGuess {
  const column = table.columns.find(({ name }) => name === wanted);
  if (column === undefined) return { kind: "none", reasons: [`${table.quoted} has no column ${wanted}.`] };
  const fault = findKeyFault(table, column);
  return fault === undefined ? found(column, "as asked") : { kind: "none", reasons: [fault] };
}

function found({ name, keyType }: Column, why: string): KeyGuess {
  if (keyType === null) throw new Error(`The column ${name} cannot be a key.`);
  return { kind: "found", column: name, type: keyType, why };
}

/** Returns why the values of a column do not name records; `undefined` if they do. */
export function findKeyFault(table: TableModel, column: Column): string | undefined {
  const { name, type, keyType, looseCollation, isNullable } = column;
  if (keyType === null) {
    return type.endsWith("citext")
      ? `${name} is of type citext: ids that differ in case only would name one record.`
      : `${name} is of type ${type}; ids are uuid, smallint, integer, bigint, text or varchar.`;
  }
  if (looseCollation !== null) {
    return `${name} has the collation ${looseCollation}, which is not deterministic: different ids would name one record.`;
  }
  if (!isUnique(table, name)) {
    return `${name} is not unique by itself: one id may name several records.`;
  }
  return isNullable ? `${name} may be null: records without a value could not be named.` : undefined;
}

/** Returns whether each value of a column names at most one row. */
export function isUnique({ uniqueKeys }: TableModel, column: string): boolean {
  return uniqueKeys.some(
    ({ columns, predicate }) => columns.length === 1 && columns[0] === column && predicate === null,
  );
}

function isPrimary({ uniqueKeys }: TableModel, column: string): boolean {
  return uniqueKeys.some(({ isPrimary: is, columns }) => is && columns.length === 1 && columns[0] === column);
}

function describeKeys(table: TableModel): readonly string[] {
  if (table.uniqueKeys.length === 0) return [`${table.quoted} has no primary key and no unique column.`];
  return table.uniqueKeys.map(({ isPrimary: is, columns, definition, predicate }) => {
    const key = `${is ? "The primary key" : "The unique key"} (${definition})`;
    const column = table.columns.find(({ name }) => columns.length === 1 && columns[0] === name);
    if (predicate !== null) return `${key} holds only for rows WHERE ${predicate}.`;
    if (column === undefined) {
      return columns.length === 0
        ? `${key} is over an expression.`
        : `${key} has ${columns.length} columns; an id is one value.`;
    }
    return `${key}: ${findKeyFault(table, column)}`;
  });
}
