import { findMark } from "../proposal/propose-marking.ts";
import type { Column } from "../reading/read-columns.ts";
import type { TableModel } from "../reading/read-table.ts";

/** How records are removed: by a mark in a column, or deleted. */
export type MarkChoice =
  | { readonly kind: "column"; readonly column: Column; readonly why: string }
  | { readonly kind: "delete"; readonly why: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Chooses the column of the mark. @param wanted a column, or `none` */
export function chooseMark({ quoted, columns }: TableModel, wanted: string | undefined): MarkChoice {
  if (wanted === "none") return { kind: "delete", why: "as asked" };
  if (wanted !== undefined) {
    const column = columns.find(({ name }) => name === wanted);
    if (column?.isMoment && column.isNullable && !column.isGenerated)
      return { kind: "column", column, why: "as asked" };
    const reason = `--mark ${wanted}: ${quoted} has no such column of a date or time that may be null. Name one, or none.`;
    return { kind: "refused", reason };
  }
  const mark = findMark(columns);
  return mark === undefined
    ? { kind: "delete", why: "there is no nullable moment such as deleted_at" }
    : { kind: "column", column: mark, why: `the column ${mark.name} may be null and is a moment` };
}
