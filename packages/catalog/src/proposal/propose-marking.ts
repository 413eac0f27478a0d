import type { Step } from "@bulk/records/declaration/records-file";
import type { Queryable } from "@bulk/store/database";
import { looksLikeMoney } from "../guesses/words.ts";
import { type Column, readColumns } from "../reading/read-columns.ts";
import { type Reference, readReferences } from "../reading/read-references.ts";
import type { TableModel } from "../reading/read-table.ts";
import { createRelatedRows, type RelatedDeclaration } from "./name-related.ts";

/** How records are removed by a mark. */
export type Marking = {
  readonly alive: string;
  readonly related: Record<string, RelatedDeclaration>;
  readonly steps: Step[];
};

/** Returns the nullable moment in which a table notes that a row is deleted; `undefined` if it has none. */
export function findMark(columns: readonly Column[]): Column | undefined {
  return columns.find(
    ({ name, isMoment, isNullable, isGenerated }) =>
      isMoment && isNullable && !isGenerated && /^deleted_?(?:at|on)$/i.test(name),
  );
}

/**
 * Proposes to mark the record, and with it the rows that refer to it and have such a mark as well, several levels deep.
 * Tables of orders and money are left alone.
 */
export async function proposeMarking(database: Queryable, table: TableModel, mark: Column): Promise<Marking> {
  const related = createRelatedRows(table);
  const steps: Step[] = [];
  const visited = new Set([table.id]);
  const open: { readonly tableId: string; readonly name: string | undefined }[] = [
    { tableId: table.id, name: undefined },
  ];
  for (const parent of open) {
    for (const { reference, column } of await listMarked(database, parent.tableId, visited)) {
      visited.add(reference.tableId);
      const name = related.add(reference, parent.name, `${column.quoted} IS NULL`);
      open.push({ tableId: reference.tableId, name });
      steps.unshift(marking(name, column));
    }
  }
  return {
    alive: `${mark.quoted} IS NULL`,
    related: related.declared,
    steps: [...steps, marking("record", mark)],
  };
}

function marking(target: string, { name }: Column): Step {
  return { update: target, set: { [name]: { now: "UTC" } }, restore: { [name]: null } };
}

// The tables that refer to a table directly, by any rule, and have a mark. A second foreign key of one table is left out.
async function listMarked(
  database: Queryable,
  tableId: string,
  visited: ReadonlySet<string>,
): Promise<readonly { readonly reference: Reference; readonly column: Column }[]> {
  const marked = new Map<string, { readonly reference: Reference; readonly column: Column }>();
  for (const reference of await readReferences(database, tableId)) {
    const isNew = !visited.has(reference.tableId) && !marked.has(reference.tableId);
    if (reference.toTableId !== tableId || !isNew || looksLikeMoney(reference.table)) continue;
    const column = findMark(await readColumns(database, reference.tableId));
    if (column !== undefined) marked.set(reference.tableId, { reference, column });
  }
  return [...marked.values()];
}
