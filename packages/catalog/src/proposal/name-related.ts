import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { RESERVED_NAMES } from "@bulk/records/declaration/reserved-names";
import { toPlural, toSingular, toSnakeCase } from "../guesses/words.ts";
import type { Reference } from "../reading/read-references.ts";

/** Rows that go with a record, or protect it. */
export type RelatedDeclaration = NonNullable<RecordDeclaration["related"]>[string];

/** Related rows under names of their own, as they are added. */
export type RelatedRows = {
  /** Adds the rows of a foreign key, and returns their name. `of`: the name of its parent; by default the record. */
  add(reference: Reference, of?: string, where?: string): string;
  addColumn(rows: RelatedDeclaration): string;
  readonly declared: Record<string, RelatedDeclaration>;
};

/** The longest name of related rows. */
const MOST_CHARACTERS = 40;

/** Creates a collection of related rows of a record in this table. */
export function createRelatedRows(record: { readonly schema: string; readonly name: string }): RelatedRows {
  const declared: Record<string, RelatedDeclaration> = {};
  function addColumn(rows: RelatedDeclaration): string {
    const name = findFreeName([record.name, ...Object.keys(declared)], rows);
    declared[name] = rows;
    return name;
  }
  return {
    declared,
    addColumn,
    add({ schema, table, columns, toColumns }, of, where) {
      const on = Object.fromEntries(columns.map((column, index) => [column, toColumns[index] ?? column]));
      return addColumn({
        ...(schema !== record.schema && { schema }),
        table,
        ...(of !== undefined && { of }),
        on,
        ...(where !== undefined && { where }),
      });
    },
  };
}

function findFreeName(taken: readonly string[], { table, on }: RelatedDeclaration): string {
  const plain = toPlural(toSingular(toSnakeCase(table))) || "rows";
  const byColumn = `${plain}_by_${toSnakeCase(Object.keys(on)[0] ?? "")}`;
  const names = [plain, byColumn, ...Array.from({ length: 100 }, (_, index) => `${plain}_${index + 2}`)];
  const free = names.map(shorten).find((name) => !taken.includes(name) && !RESERVED_NAMES.has(name));
  if (free === undefined)
    throw new Error(`More than a hundred foreign keys of ${table} refer to one record.`);
  return free;
}

// The end tells names apart, so the middle goes.
function shorten(name: string): string {
  if (name.length <= MOST_CHARACTERS) return name.replace(/_+$/, "");
  const end = name.slice(-12);
  return `${name.slice(0, MOST_CHARACTERS - 12)}${end}`.replace(/_+$/, "");
}
