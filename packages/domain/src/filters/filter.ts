/** The types of columns that a filter may compare. */
export const FILTER_TYPES = [
  "text",
  "uuid",
  "smallint",
  "integer",
  "bigint",
  "numeric",
  "boolean",
  "date",
  "timestamp",
  "timestamptz",
] as const;

export type FilterType = (typeof FILTER_TYPES)[number];

/** What callers may select records by: a column, or whether there are related rows. */
export type FilterField =
  | { readonly kind: "column"; readonly type: FilterType }
  | { readonly kind: "relation" };

/** Fields by name. */
export type FilterFields = ReadonlyMap<string, FilterField>;

/** The comparisons of a filter. There are no others, and no expressions. */
export type Operator = "eq" | "in" | "lt" | "lte" | "gt" | "gte" | "is_null" | "exists";

/** The canonical text of a value; several for `in`; a boolean for `is_null`, `exists` and booleans. */
export type Operand = string | boolean | readonly string[];

/**
 * The conditions of a filter by field and operator, all of which must hold. What is stored with a bulk action; reading it
 * again returns the same.
 */
export type Filter = Readonly<Record<string, Readonly<Partial<Record<Operator, Operand>>>>>;

/** The most values of an `in`. */
export const MOST_VALUES = 1_000;

/** Returns the operators of a field. */
export function operatorsOf(field: FilterField): readonly Operator[] {
  if (field.kind === "relation") return ["exists"];
  switch (field.type) {
    case "boolean":
      return ["eq", "is_null"];
    // The order of UUIDs means nothing.
    case "uuid":
      return ["eq", "in", "is_null"];
    default:
      return ["eq", "in", "lt", "lte", "gt", "gte", "is_null"];
  }
}
