import { isExpression } from "@bulk/records/declaration/is-expression";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import type { Index } from "../reading/read-indexes.ts";
import type { TableModel } from "../reading/read-table.ts";

type Indexed = Pick<TableModel, "indexes">;

/**
 * Finds the index that serves a filter by a column of the record: it begins with the column, or with that of the account
 * and then the column.
 */
export function findServing(
  { indexes }: Indexed,
  account: RecordDeclaration["account"],
  column: string,
): Index | undefined {
  const owner = typeof account === "object" && "column" in account ? account.column : undefined;
  return indexes.find(
    ({ columns: [first, second] }) => first === column || (first === owner && second === column),
  );
}

/** Finds the index that finds related rows by these keys of `on`: it begins with them, in any order. */
export function findServingRelated({ indexes }: Indexed, keys: readonly string[]): Index | undefined {
  // The text of an expression is not compared: PostgreSQL writes it in its own way.
  const wanted = keys.map((key) => (isExpression(key) ? null : key));
  return indexes.find(({ columns }) => {
    const leading = columns.slice(0, wanted.length);
    return wanted.every((column) => leading.includes(column));
  });
}
