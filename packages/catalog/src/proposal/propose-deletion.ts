import type { ActionDeclaration } from "@bulk/records/declaration/records-file";
import type { Reference } from "../reading/read-references.ts";
import type { TableModel } from "../reading/read-table.ts";
import { createRelatedRows, type RelatedDeclaration, type RelatedRows } from "./name-related.ts";

/** How records are deleted, and what protects them. */
export type Deletion = Pick<ActionDeclaration, "protections" | "steps"> & {
  readonly related: Record<string, RelatedDeclaration>;
};

/** A column that refers to the record without a foreign key, and protects it. */
export type ProtectingColumn = {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly keyColumn: string;
};

/**
 * Proposes one step, the deletion. Each foreign key that would refuse it becomes a protection, so that such a record is
 * skipped at once; cascades and SET NULL are left to the database.
 */
export function proposeDeletion(
  table: TableModel,
  record: string,
  columns: readonly ProtectingColumn[],
): Deletion {
  const related = createRelatedRows(table);
  const names = [
    ...table.references.filter(refuses).flatMap((reference) => addPaths(table, reference, related)),
    ...columns.map(({ schema, table: name, column, keyColumn }) =>
      related.addColumn({
        ...(schema !== table.schema && { schema }),
        table: name,
        on: { [column]: keyColumn },
      }),
    ),
  ];
  const codes = toCodes(names);
  const protections = names.map((name, index) => ({
    code: codes[index] ?? "record.in_use",
    message: `Rows of ${related.declared[name]?.table} refer to the ${record.replaceAll("_", " ")}.`,
    related: name,
  }));
  return {
    related: related.declared,
    steps: [{ delete: "record" }],
    ...(protections.length > 0 && { protections }),
  };
}

/** Whether a foreign key keeps the row that it refers to. A SET NULL fails if the column is NOT NULL. */
function refuses({ rule, isNotNull }: Reference): boolean {
  return rule === "RESTRICT" || rule === "NO ACTION" || (rule === "SET NULL" && isNotNull);
}

// Rows that refer to rows of a cascade are reached through these: by each way that leads there.
function addPaths(table: TableModel, reference: Reference, related: RelatedRows): readonly string[] {
  return listPaths(table, reference, []).map((path) => {
    let of: string | undefined;
    for (const step of path) of = findAdded(related, step, of) ?? related.add(step, of);
    return of ?? "";
  });
}

/** The most ways to one table that are followed. */
const MOST_PATHS = 8;

function listPaths(
  table: TableModel,
  reference: Reference,
  after: readonly Reference[],
): readonly Reference[][] {
  const path = [reference, ...after];
  if (reference.toTableId === table.id) return [path];
  return table.references
    .filter(({ tableId, rule }) => tableId === reference.toTableId && rule === "CASCADE")
    .filter((parent) => !path.includes(parent))
    .flatMap((parent) => listPaths(table, parent, path))
    .slice(0, MOST_PATHS);
}

function findAdded({ declared }: RelatedRows, { table, columns }: Reference, of: string | undefined) {
  const entry = Object.entries(declared).find(
    ([, rows]) => rows.table === table && rows.of === of && Object.keys(rows.on).join() === columns.join(),
  );
  return entry?.[0];
}

// Codes have no digits, so names that differ by a number only get a letter.
function toCodes(names: readonly string[]): readonly string[] {
  if (names.length === 1) return ["record.in_use"];
  const words = names.map((name) => name.replace(/_?\d+/g, ""));
  return words.map((word, index) => {
    const repeated = words.slice(0, index).filter((earlier) => earlier === word).length;
    return `record.in_use_by_${word}${repeated === 0 ? "" : `_${LETTERS.charAt((repeated - 1) % LETTERS.length)}`}`;
  });
}

const LETTERS = "bcdefghijklmnopqrstuvwxyz";
