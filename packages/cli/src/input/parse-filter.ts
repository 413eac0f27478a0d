import type { Filter } from "bulk-actions-client/types";
import { InvalidArgumentError } from "commander";

/**
 * Adds a condition such as `created_at<2022-01-01`, `price_amount>=900`, `sku=A-1`, `sku in A-1,A-2`, `orders exists false` or
 * `archived_at is_null true` to a filter. A date alone is its first moment in UTC, and `true` and `false` are no texts; in double
 * quotes both are taken as they are. Throws `InvalidArgumentError` for anything else.
 */
export function parseCondition(text: string, filter: Filter = {}): Filter {
  const [, field = "", sign = "", value = ""] =
    /^([a-z][a-z0-9_]*)(<=|>=|<|>|=| [a-z_]+ )(.+)$/s.exec(text) ?? [];
  const operator = OPERATORS[sign.trim()];
  if (operator === undefined) throw new InvalidArgumentError(`It must be like ${EXAMPLES}.`);
  const condition = filter[field] ?? {};
  if (condition[operator] !== undefined) {
    throw new InvalidArgumentError(`${field} has the operator ${operator} twice.`);
  }
  return { ...filter, [field]: { ...condition, [operator]: readOperand(operator, value) } };
}

type Condition = Filter[string];

const OPERATORS: Readonly<Record<string, keyof Condition>> = {
  "=": "eq",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
  in: "in",
  is_null: "is_null",
  exists: "exists",
};

const EXAMPLES =
  '"created_at<2022-01-01", "sku=A-1", "sku in A-1,A-2", "orders exists false" or "sku is_null true"';

function readOperand(operator: keyof Condition, value: string): Condition[keyof Condition] {
  switch (operator) {
    case "in":
      return value.split(",").map(readValue).map(String);
    case "is_null":
    case "exists":
      if (value !== "true" && value !== "false")
        throw new InvalidArgumentError(`${operator} is true or false.`);
      return value === "true";
    default:
      return readValue(value);
  }
}

function readValue(value: string): string | boolean {
  const [, quoted] = /^"(.*)"$/s.exec(value) ?? [];
  if (quoted !== undefined) return quoted;
  if (value === "true" || value === "false") return value === "true";
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T00:00:00Z` : value;
}
