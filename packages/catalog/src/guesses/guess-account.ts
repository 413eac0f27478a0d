import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import type { Queryable } from "@bulk/store/database";
import { readColumns } from "../reading/read-columns.ts";
import type { TableModel } from "../reading/read-table.ts";

/** Where the account of a record is found, or why the operator's wish cannot be met. */
export type AccountGuess =
  | { readonly kind: "found"; readonly account: RecordDeclaration["account"]; readonly why: string }
  | { readonly kind: "none"; readonly reasons: readonly string[] };

/** Names of columns that hold the key of a tenant, the likeliest first. Without `_`, in lower case. */
const TENANTS = [
  "accountid",
  "storeid",
  "shopid",
  "tenantid",
  "organizationid",
  "organisationid",
  "merchantid",
  "companyid",
  "workspaceid",
];

/**
 * Chooses what tells accounts apart.
 *
 * @param wanted a column, `none`, or `table.column` of a join table that refers to the record
 */
export async function guessAccount(
  database: Queryable,
  table: TableModel,
  wanted: string | undefined,
): Promise<AccountGuess> {
  if (wanted === "none") return { kind: "found", account: "none", why: "as asked" };
  if (wanted === undefined) return guessColumn(table);
  const column = table.columns.find(({ name }) => name === wanted);
  if (column?.keyType) {
    return { kind: "found", account: { column: column.name, type: column.keyType }, why: "as asked" };
  }
  const joined = await findJoin(database, table, wanted);
  if (joined !== undefined) return { kind: "found", account: joined, why: "as asked" };
  const reason =
    `--account ${wanted}: ${table.quoted} has no such column of a type that keys have, and no table of that name refers to ` +
    "it by a foreign key. Name a column, table.column of a join table, or none.";
  return { kind: "none", reasons: [reason] };
}

function guessColumn({ columns }: TableModel): AccountGuess {
  for (const tenant of TENANTS) {
    const column = columns.find(({ name }) => name.toLowerCase().replaceAll("_", "") === tenant);
    if (column?.keyType) {
      return { kind: "found", account: { column: column.name, type: column.keyType }, why: "by its name" };
    }
  }
  return { kind: "found", account: "none", why: "no column is named like a tenant" };
}

async function findJoin(
  database: Queryable,
  table: TableModel,
  wanted: string,
): Promise<RecordDeclaration["account"] | undefined> {
  const dot = wanted.lastIndexOf(".");
  const [joinTable, column] = [wanted.slice(0, dot), wanted.slice(dot + 1)];
  const reference = table.references.find(
    (candidate) =>
      candidate.toTableId === table.id &&
      (candidate.table === joinTable || `${candidate.schema}.${candidate.table}` === joinTable),
  );
  if (dot < 0 || reference === undefined) return undefined;
  const type = (await readColumns(database, reference.tableId)).find(({ name }) => name === column)?.keyType;
  if (!type) return undefined;
  const record = Object.fromEntries(
    reference.columns.map((from, index) => [from, reference.toColumns[index] ?? from]),
  );
  const schema = reference.schema === table.schema ? {} : { schema: reference.schema };
  return { join: { ...schema, table: reference.table, record, account: column, type } };
}
