import type { KeyType } from "@bulk/domain/keys/key-type";
import { readKey } from "@bulk/domain/keys/read-key";
import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";
import type { RecordDeclaration } from "../declaration/records-file.ts";
import { compileWhere, isOnlyAccount } from "./compile-conditions.ts";
import { loadTable } from "./names.ts";

/**
 * The condition over a row of the records' table that it belongs to the account with this key. The same as `isOfAccount`,
 * but with the key as a value of the column's type: an index serves it, and the planner can estimate it.
 */
export function belongsTo(record: RecordDeclaration, accountKey: string): Sql {
  const { account } = record;
  if (account === "none") return isOnlyAccount;
  if ("column" in account) return equals(identifier(record.table, account.column), account.type, accountKey);
  const {
    schema = loadTable(record).schema,
    table,
    record: columns,
    account: column,
    type,
    where,
  } = account.join;
  const pairs = Object.entries(columns).map(
    ([joined, own]) => sql`bulk_join.${identifier(joined)} = ${identifier(record.table, own)}`,
  );
  const owned = equals(sql`bulk_join.${identifier(column)}`, type, accountKey);
  const conditions = [...pairs, owned, ...(where === undefined ? [] : [compileWhere(where)])];
  return sql`EXISTS (
        SELECT FROM ${identifier(schema, table)} AS bulk_join
        WHERE ${joinSql(conditions, "\n          AND ")})`;
}

// A key that is no value of the type, in its canonical form, belongs to no record.
function equals(column: Sql, type: KeyType, accountKey: string): Sql {
  if (type === "text") return sql`${column} = ${accountKey}`;
  if (readKey(type, accountKey) !== accountKey) return sql`false`;
  return sql`${column} = ${accountKey}::${written(type)}`;
}
