import { pathTo } from "@bulk/records/compile/names";
import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import { isExpression } from "@bulk/records/declaration/is-expression";
import type { FilterDeclaration, RecordDeclaration } from "@bulk/records/declaration/records-file";
import { tableOf } from "@bulk/records/declaration/tables";
import { quoteIdentifier } from "@bulk/store/quote-identifier";
import { findServing, findServingRelated } from "../plan/find-serving.ts";
import type { TableModel } from "../reading/read-table.ts";
import type { LookUp } from "./look-up.ts";

/**
 * Finds filters by a column of another type than declared, and those that no index serves: a selection would read all rows
 * of the table, and the statement of each chunk all related rows.
 */
export async function findFilterFaults(
  lookUp: LookUp,
  place: string,
  record: RecordDeclaration,
): Promise<readonly RecordsFault[]> {
  const faults: RecordsFault[] = [];
  for (const [name, filter] of Object.entries(record.filters ?? {})) {
    const at = `${place}.filters.${name}`;
    const messages =
      "related" in filter
        ? await findUnserved(lookUp, record, filter.related)
        : findColumnFaults(await load(lookUp, record, "record"), record, filter);
    faults.push(...messages.map((message) => ({ place: at, message })));
  }
  return faults;
}

async function load(lookUp: LookUp, record: RecordDeclaration, target: string): Promise<TableModel> {
  const name = tableOf(record, target);
  const table = name && (await lookUp.find(name.schema, name.table));
  if (table === undefined) throw new Error(`The table of ${target} has not been found.`);
  return table;
}

type ColumnFilter = Extract<FilterDeclaration, { readonly column: string }>;

function findColumnFaults(
  table: TableModel,
  { account }: RecordDeclaration,
  { column: name, type }: ColumnFilter,
): readonly string[] {
  const column = table.columns.find((each) => each.name === name);
  if (column !== undefined && column.filterType !== type) {
    const cure =
      column.filterType === null ? "a filter cannot compare it" : `write "type": "${column.filterType}"`;
    return [`the column ${name} of ${table.quoted} is of type ${column.type}; ${cure}`];
  }
  if (findServing(table, account, name) !== undefined) return [];
  const owner = typeof account === "object" && "column" in account ? [account.column] : [];
  return [unserved(table, `the column ${name}`, [...owner, name].map(quoteIdentifier))];
}

async function findUnserved(
  lookUp: LookUp,
  record: RecordDeclaration,
  related: string,
): Promise<readonly string[]> {
  const messages: string[] = [];
  for (const name of pathTo(record, related)) {
    const table = await load(lookUp, record, name);
    const keys = Object.keys(record.related?.[name]?.on ?? {});
    if (findServingRelated(table, keys) !== undefined) continue;
    const columns = keys.map((key) => (isExpression(key) ? key : quoteIdentifier(key)));
    messages.push(unserved(table, `the related rows ${name}`, columns));
  }
  return messages;
}

function unserved(table: TableModel, what: string, columns: readonly string[]): string {
  const concurrently = table.kind === "partitioned" ? "" : "CONCURRENTLY ";
  const index = `CREATE INDEX ${concurrently}ON ${table.quoted} (${columns.join(", ")});`;
  return `no index serves a filter by ${what}; ${index}`;
}
