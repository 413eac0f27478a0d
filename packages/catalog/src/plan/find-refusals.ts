import { looksLikeMoney } from "../guesses/words.ts";
import type { Reference } from "../reading/read-references.ts";
import type { TableModel } from "../reading/read-table.ts";

/** What is known when a table is judged. */
export type Judged = {
  readonly record: string;
  readonly actionType: string;
  readonly isMarked: boolean;
  readonly mayCascadeTo: readonly string[];
};

/** Returns why bulk actions cannot serve a table, apart from its key; empty if they can. */
export function findRefusals(table: TableModel, judged: Judged): readonly string[] {
  return [
    ...findKindFaults(table),
    ...findNameFaults(judged),
    ...(judged.isMarked ? [] : findForbiddenCascades(table, judged.mayCascadeTo).map(describeCascade)),
  ];
}

/** Returns why the rows of a relation cannot be changed by our statements. */
export function findKindFaults({ quoted, kind, heirCount, rules }: TableModel): readonly string[] {
  const faults = {
    table: undefined,
    partitioned: undefined,
    partition: `${quoted} is a partition. Plan the table that it is a part of.`,
    view: `${quoted} is a view. Plan the table that holds its rows.`,
    foreign: `${quoted} is a foreign table: its rows and our outcomes cannot commit together.`,
    other: `${quoted} is not a table.`,
  };
  return [
    ...(faults[kind] === undefined ? [] : [faults[kind]]),
    ...(heirCount === 0 ? [] : [`Tables inherit from ${quoted}: no key is unique over all its rows.`]),
    ...rules.map(
      (rule) => `The rule ${rule} replaces changes of ${quoted}. PostgreSQL refuses it in our statements.`,
    ),
  ];
}

const WORDS = /^[a-z]+(_[a-z]+)*$/;

function findNameFaults({ record, actionType }: Judged): readonly string[] {
  const wrong = "must be lower-case words joined by underscores";
  return [
    ...(WORDS.test(record) ? [] : [`The record's name ${JSON.stringify(record)} ${wrong}; set --record.`]),
    ...(WORDS.test(actionType)
      ? []
      : [`The action type ${JSON.stringify(actionType)} ${wrong}; set --action-type.`]),
  ];
}

/** A cascade to a table of orders or money that nobody has allowed. */
export type ForbiddenCascade = { readonly found: string /** `schema.table`. */; readonly name: string };

/** Returns the cascades to tables of orders and money that are not allowed. */
export function findForbiddenCascades(
  { references }: TableModel,
  allowed: readonly string[],
): readonly ForbiddenCascade[] {
  return references
    .filter((reference) => isForbidden(reference, allowed))
    .map(({ quoted, columns, schema, table }) => ({
      found: `ON DELETE CASCADE on ${quoted} (${columns.join(", ")}) would silently delete rows of ${quoted}`,
      name: `${schema}.${table}`,
    }));
}

function describeCascade({ found, name }: ForbiddenCascade): string {
  return (
    `${found}. Make the foreign key ON DELETE RESTRICT, mark the records in place of deleting them (--mark), or allow it: ` +
    `--may-cascade-to ${name}`
  );
}

function isForbidden({ rule, schema, table }: Reference, allowed: readonly string[]): boolean {
  return rule === "CASCADE" && looksLikeMoney(table) && !allowed.includes(`${schema}.${table}`);
}
