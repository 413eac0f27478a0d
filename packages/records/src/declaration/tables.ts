import type { RecordDeclaration, Step } from "./records-file.ts";

/** A table with its schema, as they are spelled in the database. */
export type TableName = { readonly schema: string; readonly table: string };

/** Returns the target of a step: `record`, or the name of related rows. */
export function nameTarget(step: Step): string {
  return "delete" in step ? step.delete : step.update;
}

/** Returns the table of the record or of its related rows, or `undefined` if there are none of this name. */
export function tableOf(record: RecordDeclaration, target: string): TableName | undefined {
  const own = { schema: record.schema ?? "public", table: record.table };
  if (target === "record") return own;
  const related = record.related?.[target];
  return related && { schema: related.schema ?? own.schema, table: related.table };
}

/** Returns whether two targets of a record are in one table. */
export function isOnTable(record: RecordDeclaration, target: string, other: string): boolean {
  const [one, two] = [tableOf(record, target), tableOf(record, other)];
  return one !== undefined && one.schema === two?.schema && one.table === two.table;
}
