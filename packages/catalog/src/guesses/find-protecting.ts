import type { Queryable } from "@bulk/store/database";
import type { ProtectingColumn } from "../proposal/propose-deletion.ts";
import { findTables } from "../reading/find-tables.ts";
import { readColumns } from "../reading/read-columns.ts";

/** A column that protects records, or why there is no such column. */
export type ProtectingGuess =
  | { readonly kind: "found"; readonly column: ProtectingColumn }
  | { readonly kind: "none"; readonly reason: string };

/**
 * Finds a column that refers to records without a foreign key.
 *
 * @param wanted `table.column`, or `schema.table.column`
 * @param keyColumns the columns of the record that such a column may hold, the likeliest first
 */
export async function findProtecting(
  database: Queryable,
  wanted: string,
  keyColumns: readonly { readonly name: string; readonly keyType: string | null }[],
): Promise<ProtectingGuess> {
  const parts = wanted.split(".");
  const [column = "", name = "", schema] = parts.toReversed();
  const [table, ...others] = await findTables(database, { schema, name });
  if (table === undefined || others.length > 0) {
    const reason = others.length > 0 ? "is in several schemas; write schema.table.column" : "does not exist";
    return { kind: "none", reason: `--protect ${wanted}: the table ${reason}.` };
  }
  const type = (await readColumns(database, table.id)).find(
    (candidate) => candidate.name === column,
  )?.keyType;
  const key = keyColumns.find(
    ({ keyType }) => keyType !== null && familyOf(keyType) === (type && familyOf(type)),
  );
  if (key === undefined) {
    return {
      kind: "none",
      reason: `--protect ${wanted}: there is no such column with the type of a key of the record.`,
    };
  }
  return { kind: "found", column: { schema: table.schema, table: table.name, column, keyColumn: key.name } };
}

function familyOf(keyType: string): string {
  return keyType === "uuid" || keyType === "text" ? keyType : "integer";
}
