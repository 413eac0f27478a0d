import { identifier, joinSql, type Sql, sql, written } from "@bulk/store/sql";
import type { ActionDeclaration, RecordDeclaration } from "../declaration/records-file.ts";
import { compileExists } from "./compile-exists.ts";
import { keyColumn, loadTable } from "./names.ts";

const NEXT_LINE = "\n        AND ";

/** The condition over a row of the records' table and one of `chunk_records`: the record may be changed. */
export function compileCondition(record: RecordDeclaration, action: ActionDeclaration): Sql {
  return joinSql([...findsRecord(record), ...compileExceptions(record, action)], NEXT_LINE);
}

/** The conditions over a row of the records' table that it exists for callers. */
export function compileAlive({ alive }: RecordDeclaration): readonly Sql[] {
  return alive === undefined ? [] : [compileWhere(alive)];
}

/** The conditions over a row of the records' table that no reason of the action to skip it holds. */
export function compileExceptions(record: RecordDeclaration, action: ActionDeclaration): readonly Sql[] {
  return listReasons(record, action).map(({ fails }) => fails);
}

/**
 * The skip code of a row of `chunk_records` that was not changed: the first reason that holds for its record.
 *
 * @param before reasons that are looked at before those of the action
 */
export function compileSkipCode(
  record: RecordDeclaration,
  action: ActionDeclaration,
  before: readonly Reason[] = [],
): Sql {
  const reasons = [...before, ...listReasons(record, action)];
  if (reasons.length === 0) return sql`'record.not_found'`;
  const { schema, table } = loadTable(record);
  return sql`COALESCE((
        SELECT ${firstOf(reasons)}
        FROM ${identifier(schema, table)}
        WHERE ${joinSql(findsRecord(record), NEXT_LINE)}
      ), 'record.not_found')`;
}

/** The skip code of a row of the records' table, whose record exists: the first reason that holds for it, or null. */
export function compileReason(record: RecordDeclaration, action: ActionDeclaration): Sql {
  const reasons = listReasons(record, action);
  return reasons.length === 0 ? sql`NULL::text` : firstOf(reasons);
}

function firstOf(reasons: readonly Reason[]): Sql {
  const cases = reasons.map(({ code, holds }) => sql`WHEN ${holds} THEN ${written(`'${code}'`)}`);
  return sql`CASE ${joinSql(cases, "\n                    ")} END`;
}

/** Why a record is skipped: when that is so, and when it is not. */
export type Reason = { readonly code: string; readonly holds: Sql; readonly fails: Sql };

// In the order in which they are looked at.
function listReasons(
  record: RecordDeclaration,
  { already, protections = [] }: ActionDeclaration,
): readonly Reason[] {
  return [
    ...(already === undefined ? [] : [reasonWhere(already)]),
    ...protections.map((protection) =>
      "related" in protection ? reasonRelated(record, protection) : reasonWhere(protection),
    ),
  ];
}

// A condition that is NULL does not hold.
function reasonWhere({ code, where }: { readonly code: string; readonly where: string }): Reason {
  const holds = compileWhere(where);
  return { code, holds, fails: sql`${holds} IS NOT TRUE` };
}

function reasonRelated(
  record: RecordDeclaration,
  { code, related }: { readonly code: string; readonly related: string },
): Reason {
  const holds = compileExists(record, related);
  return { code, holds, fails: sql`NOT ${holds}` };
}

/** A condition of the operator, in parentheses of its own. */
export function compileWhere(where: string): Sql {
  return sql`(${written(where)})`;
}

function findsRecord(record: RecordDeclaration): readonly Sql[] {
  return [
    sql`${keyColumn(record)} = chunk_records.bulk_record_id`,
    isOfAccount(record),
    ...compileAlive(record),
  ];
}

/** A condition: there is one account, which owns all records. */
export const isOnlyAccount = sql`(SELECT count(*) FROM (SELECT FROM bulk.accounts LIMIT 2) AS accounts) = 1`;

// As text, because a key that is no integer belongs to no account's records; a cast of it would fail the statement.
/** The condition that a row of the records' table belongs to the account of `chunk_records`. */
export function isOfAccount(record: RecordDeclaration): Sql {
  const { account } = record;
  if (account === "none") return isOnlyAccount;
  if ("column" in account) {
    return sql`${identifier(record.table, account.column)}::text = chunk_records.bulk_account_key`;
  }
  const { schema = loadTable(record).schema, table, record: columns, account: column, where } = account.join;
  const pairs = Object.entries(columns).map(
    ([joined, own]) => sql`bulk_join.${identifier(joined)} = ${identifier(record.table, own)}`,
  );
  return sql`EXISTS (
        SELECT FROM ${identifier(schema, table)} AS bulk_join
        WHERE ${joinSql(pairs, " AND ")}
          AND bulk_join.${identifier(column)}::text = chunk_records.bulk_account_key
          AND ${where === undefined ? sql`true` : compileWhere(where)})`;
}
