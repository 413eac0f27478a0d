import type { Filtering } from "@bulk/actions/action";
import type { Filter, FilterField, FilterType, Operand, Operator } from "@bulk/domain/filters/filter";
import { identifier, joinSql, PLANNED_EACH_TIME, type Sql, sql, written } from "@bulk/store/sql";
import type { ActionDeclaration, FilterDeclaration, RecordDeclaration } from "../declaration/records-file.ts";
import { belongsTo } from "./belongs-to.ts";
import { compileAlive, compileReason, compileSkipCode } from "./compile-conditions.ts";
import { compileExists } from "./compile-exists.ts";

const NEXT_LINE = "\n        AND ";

/** Compiles what a record may be selected by; `undefined` if that is nothing. */
export function compileFiltering(
  record: RecordDeclaration,
  action: ActionDeclaration,
): Filtering | undefined {
  const { filters = {} } = record;
  if (Object.keys(filters).length === 0) return undefined;
  return {
    fields: new Map(Object.entries(filters).map(([name, declared]) => [name, fieldOf(declared)])),
    select(filter, accountKey) {
      const matches = compileMatches(record, filters, filter);
      const conditions = [belongsTo(record, accountKey), ...compileAlive(record), matches];
      return { selects: joinSql(conditions, NEXT_LINE), skipCode: compileReason(record, action) };
    },
    narrow(filter) {
      const matches = compileMatches(record, filters, filter);
      return {
        matches,
        skipCode: compileSkipCode(record, action, [
          { code: "record.no_longer_matches", holds: sql`(${matches}) IS NOT TRUE`, fails: matches },
        ]),
      };
    },
  };
}

function fieldOf(declared: FilterDeclaration): FilterField {
  return "related" in declared ? { kind: "relation" } : { kind: "column", type: declared.type };
}

function compileMatches(
  record: RecordDeclaration,
  filters: Readonly<Record<string, FilterDeclaration>>,
  filter: Filter,
): Sql {
  const conditions = Object.entries(filter).flatMap(([name, operators]) => {
    const declared = filters[name];
    if (declared === undefined) throw new Error(`There is no filter ${name}.`);
    return Object.entries(operators).map(([operator, operand]) =>
      "related" in declared
        ? compileRelation(record, declared.related, operand)
        : compare(record, declared, operator, operand),
    );
  });
  return sql`${PLANNED_EACH_TIME} ${joinSql(conditions, NEXT_LINE)}`;
}

function compileRelation(record: RecordDeclaration, related: string, operand: Operand): Sql {
  const exists = compileExists(record, related);
  return operand === true ? exists : sql`NOT ${exists}`;
}

type ColumnFilter = Extract<FilterDeclaration, { readonly column: string }>;

const COMPARISONS: Readonly<Record<string, Sql>> = {
  eq: sql`=`,
  lt: sql`<`,
  lte: sql`<=`,
  gt: sql`>`,
  gte: sql`>=`,
} satisfies Partial<Record<Operator, Sql>>;

// Values are parameters, never text. Their types are names of ours.
function compare(
  { table }: RecordDeclaration,
  { column: name, type }: ColumnFilter,
  operator: string,
  operand: Operand,
): Sql {
  const column = identifier(table, name);
  if (operator === "is_null") return operand === true ? sql`${column} IS NULL` : sql`${column} IS NOT NULL`;
  if (operator === "in") return sql`${column} = ANY (${arrayOf(type, operand)})`;
  const comparison = COMPARISONS[operator];
  if (comparison === undefined) throw new Error(`There is no operator ${operator}.`);
  return sql`${column} ${comparison} ${String(operand)}::${written(type)}`;
}

// As JSON: values may have any character, and an array's text would need quotes of its own.
function arrayOf(type: FilterType, operand: Operand): Sql {
  return sql`ARRAY(
          SELECT value::${written(type)} FROM jsonb_array_elements_text(${JSON.stringify(operand)}::jsonb) AS listed (value))`;
}
