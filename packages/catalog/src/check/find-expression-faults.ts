import type { RecordsFault } from "@bulk/records/declaration/describe-issues";
import { isExpression } from "@bulk/records/declaration/is-expression";
import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import { tableOf } from "@bulk/records/declaration/tables";
import type { Queryable } from "@bulk/store/database";
import { quoteIdentifier } from "@bulk/store/quote-identifier";
import { sql } from "@bulk/store/sql";
import { quoteName } from "../expected/list-expectations.ts";
import { explainFault } from "./explain-fault.ts";

/** Finds conditions that PostgreSQL does not understand. It explains each one, and runs none. */
export async function findExpressionFaults(
  database: Queryable,
  place: string,
  record: RecordDeclaration,
): Promise<readonly RecordsFault[]> {
  const faults: RecordsFault[] = [];
  for (const { at, text, ...of } of listExpressions(record)) {
    const from = "from" in of ? of.from : nameTarget(record, of.target);
    const reason = from && (await explain(database, from, text));
    if (reason !== undefined) faults.push({ place: `${place}.${at}`, message: `${reason}; correct the SQL` });
  }
  return faults;
}

/** A condition over the rows of a target, or of another table. */
type Expression = { readonly at: string; readonly text: string } & (
  | { readonly target: string }
  | { readonly from: string }
);

function listExpressions(record: RecordDeclaration): readonly Expression[] {
  const alive = record.alive === undefined ? [] : [{ at: "alive", target: "record", text: record.alive }];
  const related = Object.entries(record.related ?? {}).flatMap(([name, { where, on }]) => [
    ...(where === undefined ? [] : [{ at: `related.${name}.where`, target: name, text: where }]),
    ...Object.keys(on)
      .filter(isExpression)
      .map((text) => ({ at: `related.${name}.on.${text}`, target: name, text: `${text} IS NULL` })),
  ]);
  const actions = Object.entries(record.actions).flatMap(([type, { protections = [], already }]) => [
    ...protections.flatMap((protection, index) =>
      "where" in protection
        ? [{ at: `actions.${type}.protections.${index}.where`, target: "record", text: protection.where }]
        : [],
    ),
    ...(already === undefined
      ? []
      : [{ at: `actions.${type}.already.where`, target: "record", text: already.where }]),
  ]);
  return [...alive, ...listJoined(record), ...related, ...actions];
}

function listJoined(record: RecordDeclaration): readonly Expression[] {
  const { account, schema: own = "public" } = record;
  if (account === "none" || "column" in account) return [];
  const { where, schema = own, table } = account.join;
  const from = `${quoteName({ schema, table })} AS bulk_join`;
  return where === undefined ? [] : [{ at: "account.join.where", from, text: where }];
}

function nameTarget(record: RecordDeclaration, target: string): string | undefined {
  const table = tableOf(record, target);
  const alias = target === "record" ? record.table : target;
  return table && `${quoteName(table)} AS ${quoteIdentifier(alias)}`;
}

// Returns the database's reason, or `undefined` if it understands the condition. Its message quotes the declaration only.
async function explain(database: Queryable, from: string, text: string): Promise<string | undefined> {
  return await explainFault(() => database.$queryRaw(sql([`EXPLAIN SELECT FROM ${from} WHERE (${text}\n)`])));
}
