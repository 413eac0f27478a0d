import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import { isExpression } from "@bulk/records/declaration/is-expression";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { nameTarget } from "@bulk/records/declaration/tables";
import type { TableModel } from "../reading/read-table.ts";
import type { LookUp } from "./look-up.ts";

/** A column that a declaration names, and where. */
type NamedColumn = { readonly place: string; readonly table: TableModel; readonly column: string };

/** Finds tables and columns that a declaration names and the database does not have. */
export async function findNameFaults(
  lookUp: LookUp,
  place: string,
  record: RecordDeclaration,
): Promise<readonly RecordsFault[]> {
  const tables = new Map<string, TableModel>();
  const faults: RecordsFault[] = [];
  for (const { at, name, schema, table } of listTables(record)) {
    const found = await lookUp.find(schema, table);
    if (found === undefined) faults.push(await describeUnknown(lookUp, `${place}.${at}`, schema, table));
    else tables.set(name, found);
  }
  if (faults.length > 0) return faults;
  return listColumns(place, record, tables).flatMap(describeColumn);
}

type NamedTable = {
  readonly at: string;
  readonly name: string;
  readonly schema: string;
  readonly table: string;
};

/** The name of the join table of the accounts. */
const ACCOUNTS = "account.join";

function listTables(record: RecordDeclaration): readonly NamedTable[] {
  const schema = record.schema ?? "public";
  const { account } = record;
  const joins = typeof account === "object" && "join" in account ? [account.join] : [];
  return [
    { at: "table", name: "record", schema, table: record.table },
    ...joins.map((join) => ({
      at: `${ACCOUNTS}.table`,
      name: ACCOUNTS,
      schema: join.schema ?? schema,
      table: join.table,
    })),
    ...Object.entries(record.related ?? {}).map(([name, rows]) => ({
      at: `related.${name}.table`,
      name,
      schema: rows.schema ?? schema,
      table: rows.table,
    })),
  ];
}

async function describeUnknown(
  lookUp: LookUp,
  place: string,
  schema: string,
  table: string,
): Promise<RecordsFault> {
  const similar = (await lookUp.findSimilar(table)).map(
    (found) => `"schema": ${JSON.stringify(found.schema)}, "table": ${JSON.stringify(found.name)}`,
  );
  const cure =
    similar.length > 0
      ? `write ${similar.join(" or ")}`
      : "names are spelled as in the database, case matters, and the database of DATABASE_URL is looked at";
  return { place, message: `there is no table ${table} in the schema ${schema}; ${cure}` };
}

function listColumns(
  place: string,
  record: RecordDeclaration,
  tables: ReadonlyMap<string, TableModel>,
): readonly NamedColumn[] {
  const columns = [
    { at: "key.column", name: "record", column: record.key.column },
    ...listAccountColumns(record),
    ...Object.entries(record.related ?? {}).flatMap(([name, { of = "record", on }]) =>
      Object.entries(on).flatMap(([column, parent]) => [
        ...(isExpression(column) ? [] : [{ at: `related.${name}.on.${column}`, name, column }]),
        { at: `related.${name}.on.${column}`, name: of, column: parent },
      ]),
    ),
    ...Object.entries(record.filters ?? {}).flatMap(([name, filter]) =>
      "column" in filter ? [{ at: `filters.${name}.column`, name: "record", column: filter.column }] : [],
    ),
    ...Object.entries(record.actions).flatMap(([type, { steps }]) =>
      steps.flatMap((step, index) =>
        "update" in step
          ? Object.keys(step.set).map((column) => ({
              at: `actions.${type}.steps.${index}.set.${column}`,
              name: nameTarget(step),
              column,
            }))
          : [],
      ),
    ),
  ];
  return columns.flatMap(({ at, name, column }) => {
    const table = tables.get(name);
    return table === undefined ? [] : [{ place: `${place}.${at}`, table, column }];
  });
}

function listAccountColumns({ account }: RecordDeclaration) {
  if (account === "none") return [];
  if ("column" in account) return [{ at: "account.column", name: "record", column: account.column }];
  const { record, account: column } = account.join;
  return [
    { at: `${ACCOUNTS}.account`, name: ACCOUNTS, column },
    ...Object.entries(record).flatMap(([own, other]) => [
      { at: `${ACCOUNTS}.record.${own}`, name: ACCOUNTS, column: own },
      { at: `${ACCOUNTS}.record.${own}`, name: "record", column: other },
    ]),
  ];
}

function describeColumn({ place, table, column }: NamedColumn): readonly RecordsFault[] {
  const found = table.columns.find(({ name }) => name === column);
  if (found === undefined) {
    const names = table.columns.map(({ name }) => name).join(", ");
    return [{ place, message: `${table.quoted} has no column ${column}; it has ${names}` }];
  }
  if (!found.isGenerated || !place.includes(".set.")) return [];
  return [{ place, message: `PostgreSQL generates the column ${column}; leave it out` }];
}
