import type { RecordDeclaration } from "@bulk/records/declaration/records-file";
import type { Lookalike } from "../reading/read-lookalikes.ts";
import type { Reference } from "../reading/read-references.ts";
import type { TableModel } from "../reading/read-table.ts";
import type { Trigger } from "../reading/read-triggers.ts";
import { findServing } from "./find-serving.ts";
import { findUnrestorable } from "./find-unrestorable.ts";
import type { Plan } from "./plan-record.ts";

/** Formats a plan for people, a line each. */
export function describePlan(plan: Plan): readonly string[] {
  const { table, lookalikes, refusals, guesses, declaration } = plan;
  return [
    describeSize(table),
    "",
    ...describeTable(table, declaration, lookalikes).flatMap(({ heading, lines }) => [heading, ...lines, ""]),
    ...(refusals.length === 0
      ? ["It can be served. Guesses, and what overrules each:", ...guesses.map(indent)]
      : ["It cannot be served as it is:", ...refusals.map(indent)]),
  ];
}

/** Says which table it is and how large. */
export function describeSize(table: TableModel): string {
  return `${table.quoted}: ${describeRows(table.rowEstimate)}${describeParts(table)}`;
}

/** What the database does, and keeps, beside what is declared. */
export type TableSection = { readonly heading: string; readonly lines: readonly string[] };

/** Describes a table for people: what else a deletion of its rows reaches, and what serves or limits actions on it. */
export function describeTable(
  table: TableModel,
  declaration: RecordDeclaration | undefined,
  lookalikes?: readonly Lookalike[],
): readonly TableSection[] {
  return [
    {
      heading: "Foreign keys that a DELETE of its rows reaches:",
      lines: orNone(table.references.flatMap(describeReference)),
    },
    {
      heading: "Triggers:",
      lines: orNone(table.triggers.flatMap((trigger) => describeTrigger(trigger, table.quoted))),
    },
    ...(lookalikes === undefined ? [] : [describeLookalikes(lookalikes)]),
    describeColumns(table),
    ...(declaration === undefined ? [] : [describeFilters(table, declaration)]),
    ...describeSecurity(table),
    ...(declaration === undefined ? [] : [describeLosses(findUnrestorable(table, declaration))]),
  ];
}

function describeLookalikes(lookalikes: readonly Lookalike[]): TableSection {
  return {
    heading:
      "Columns that look like references without a foreign key (checked if you declare them, not enforced):",
    lines: orNone(lookalikes.map(describeLookalike)),
  };
}

function describeRows(estimate: number | null): string {
  return estimate === null
    ? "never analyzed, number of rows unknown"
    : `about ${estimate.toLocaleString("en")} rows`;
}

function describeParts({ partitionCount, heirCount }: TableModel): string {
  if (partitionCount > 0) return `, ${partitionCount} partitions`;
  return heirCount > 0 ? `, ${heirCount} tables inherit from it` : "";
}

const EFFECTS = {
  CASCADE: "the rows go along",
  RESTRICT: "the row is kept",
  "NO ACTION": "the row is kept",
  "SET NULL": "the rows lose the reference",
  "SET DEFAULT": "the rows get the default",
} as const;

function describeReference(reference: Reference): readonly string[] {
  const { depth, quoted, columns, toQuoted, toColumns, rule, deferral, rowEstimate } = reference;
  const timing = deferral === "no" ? "" : deferral === "deferred" ? ", checked at COMMIT" : ", deferrable";
  const key = `${quoted} (${columns.join(", ")}) -> ${toQuoted} (${toColumns.join(", ")}) ON DELETE ${rule}`;
  const effect = rule === "SET NULL" && reference.isNotNull ? "fails, the column is NOT NULL" : EFFECTS[rule];
  const margin = "  ".repeat(depth);
  return [
    `${margin}${key}: ${effect}${timing}; ${describeRows(rowEstimate)}`,
    ...describeIndex(reference).map((line) => `${margin}  ${line}`),
  ];
}

function describeIndex({ index, quoted, quotedColumns, isPartitioned }: Reference): readonly string[] {
  if (index === "full") return [];
  const found =
    index === "none"
      ? "! no index: each deleted row reads the whole table"
      : "! a partial index does not serve the check: each deleted row reads the whole table";
  const concurrently = isPartitioned ? "" : "CONCURRENTLY ";
  return [found, `  CREATE INDEX ${concurrently}ON ${quoted} (${quotedColumns});`];
}

function describeTrigger(trigger: Trigger, own: string): readonly string[] {
  const { name, quoted, timing, firesOnDelete, firesOnUpdate, isPerRow, isDeferred, isEnabled, mayNotify } =
    trigger;
  const events = [...(firesOnDelete ? ["DELETE"] : []), ...(firesOnUpdate ? ["UPDATE"] : [])].join(" OR ");
  const remarks = [
    ...(isEnabled ? [] : ["switched off"]),
    ...(isPerRow ? [] : ["once per statement"]),
    ...(timing === "BEFORE" && isPerRow ? [quoted === own ? KEEPS : BREAKS] : []),
    ...(mayNotify ? ["its function notifies"] : []),
    ...(isDeferred ? ["runs at COMMIT"] : []),
  ];
  return [
    `  ${name} on ${quoted}, ${timing} ${events}, calls ${trigger.function}${remarks.map((remark) => `; ${remark}`).join("")}`,
  ];
}

const KEEPS = "may keep a row: such a record is skipped as record.kept";
const BREAKS = "! must not keep a row: PostgreSQL would leave it behind, without the row that it refers to";

function describeLookalike({
  quoted,
  column,
  keyColumn,
  rowEstimate,
  isIndexed,
  schema,
  table,
}: Lookalike): string {
  const index = isIndexed ? "" : ", no index";
  return `  ${quoted} (${column}) ~ ${keyColumn}; ${describeRows(rowEstimate)}${index}; --protect ${schema}.${table}.${column}`;
}

function describeColumns({ columns, uniqueKeys }: TableModel): TableSection {
  const special = columns.flatMap(({ name, isGenerated, isIdentity }) =>
    isGenerated ? [`${name} generated`] : isIdentity ? [`${name} identity`] : [],
  );
  const keys = uniqueKeys.map(({ definition, predicate, isPrimary }) => {
    const where = predicate === null ? "" : ` WHERE ${predicate}`;
    return `  ${isPrimary ? "primary" : "unique"} (${definition})${where}`;
  });
  return {
    heading: "Unique keys, which rows that come back may meet:",
    lines: [
      ...orNone(keys),
      ...(special.length === 0 ? [] : [`Columns that PostgreSQL fills: ${special.join(", ")}`]),
    ],
  };
}

function describeFilters(table: TableModel, { account }: RecordDeclaration): TableSection {
  const lines = table.columns.flatMap(({ name, filterType }) => {
    const index = filterType === null ? undefined : findServing(table, account, name);
    return index === undefined ? [] : [`  ${name}, ${filterType}: the index ${index.name}`];
  });
  return {
    heading: 'Columns that "filters" may name, and the index that serves each:',
    lines: orNone(lines),
  };
}

function describeSecurity({ quoted, rowSecurity, policies }: TableModel): readonly TableSection[] {
  if (rowSecurity === "off") return [];
  const effect =
    rowSecurity === "in_force"
      ? "in force for this user: hidden rows are skipped as record.not_found or record.kept"
      : "not in force for this user";
  const found = policies.join(", ") || "no policy, all rows hidden";
  return [{ heading: `Row-level security of ${quoted} is on, ${effect}: ${found}`, lines: [] }];
}

function describeLosses(losses: readonly string[]): TableSection {
  return {
    heading: "What a restore of deleted records would not bring back:",
    lines: orNone(losses.map(indent)),
  };
}

function orNone(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ["  none"] : lines;
}

function indent(line: string): string {
  return `  ${line}`;
}
