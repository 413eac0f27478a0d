import { showValue } from "../show-value.ts";
import {
  type Filter,
  type FilterField,
  type FilterFields,
  MOST_VALUES,
  type Operand,
  type Operator,
  operatorsOf,
} from "./filter.ts";
import { describeValue, readValue } from "./read-value.ts";

/** What is wrong with a filter. `message` continues the word `filter`. */
export type FilterFault = {
  readonly type: "blank" | "inclusion" | "invalid" | "too_long";
  readonly message: string;
  readonly options: Readonly<Record<string, string | number | readonly string[]>>;
};

export type FilterReading =
  | { readonly kind: "read"; readonly filter: Filter }
  | { readonly kind: "faulty"; readonly faults: readonly FilterFault[] };

/** More are not listed: the first ones show what the caller meant. */
const MOST_FAULTS = 20;

/**
 * Reads a filter over these fields: `{ field: { operator: value } }`, at least one. Its order is that of the fields and of
 * their operators, so equal filters are equal JSON. A filter that was read can be read again.
 */
export function readFilter(fields: FilterFields, value: unknown): FilterReading {
  if (!isObject(value)) return faulty([fault("invalid", "must be an object of fields")]);
  const names = Object.keys(value);
  if (names.length === 0) return faulty([fault("blank", "must have at least one condition")]);
  const faults: FilterFault[] = names
    .filter((name) => !fields.has(name))
    .slice(0, MOST_FAULTS)
    .map((name) =>
      unknownName(`has no field ${showValue(name)}`, [...fields.keys()], { field: shorten(name) }),
    );
  const filter = new Map<string, Filter[string]>();
  for (const [name, field] of fields) {
    if (!Object.hasOwn(value, name)) continue;
    const read = readConditions(name, field, value[name]);
    if (Array.isArray(read)) faults.push(...read);
    else filter.set(name, Object.fromEntries(read));
  }
  return faults.length > 0 ? faulty(faults) : { kind: "read", filter: Object.fromEntries(filter) };
}

type Conditions = ReadonlyMap<Operator, Operand>;

function readConditions(name: string, field: FilterField, value: unknown): Conditions | FilterFault[] {
  const operators = operatorsOf(field);
  if (!isObject(value)) {
    const example = operators[0] ?? "";
    const message = `has no operator for ${name}; send {${JSON.stringify(name)}: {${JSON.stringify(example)}: …}}`;
    return [fault("invalid", message, { field: name })];
  }
  const names = Object.keys(value);
  if (names.length === 0) return [fault("blank", `has no operator for ${name}`, { field: name })];
  const faults = names
    .filter((operator) => operators.every((known) => known !== operator))
    .slice(0, MOST_FAULTS)
    .map((operator) =>
      unknownName(`has no operator ${showValue(operator)} for ${name}`, operators, {
        field: name,
        operator: shorten(operator),
      }),
    );
  const conditions = new Map<Operator, Operand>();
  for (const operator of operators) {
    if (!Object.hasOwn(value, operator)) continue;
    const read = readOperand(field, operator, value[operator]);
    if (read.kind === "operand") conditions.set(operator, read.operand);
    else
      faults.push(
        fault(read.type, `has ${name}.${operator}, which ${read.message}`, { field: name, operator }),
      );
  }
  return faults.length > 0 ? faults : conditions;
}

type OperandReading =
  | { readonly kind: "operand"; readonly operand: Operand }
  | { readonly kind: "faulty"; readonly type: FilterFault["type"]; readonly message: string };

function readOperand(field: FilterField, operator: Operator, value: unknown): OperandReading {
  const isYesOrNo =
    field.kind === "relation" || operator === "is_null" || (operator === "eq" && field.type === "boolean");
  if (isYesOrNo) {
    if (typeof value === "boolean") return { kind: "operand", operand: value };
    return refuse("invalid", `must be true or false, not ${showValue(value)}`);
  }
  const { type } = field;
  if (type === "boolean") throw new Error(`Booleans have no operator ${operator}.`);
  if (operator !== "in") {
    const text = readValue(type, value);
    if (text !== undefined) return { kind: "operand", operand: text };
    return refuse("invalid", `must be ${describeValue(type)}, not ${showValue(value)}`);
  }
  if (!Array.isArray(value) || value.length === 0)
    return refuse("invalid", `must be an array of at least one value, not ${showValue(value)}`);
  if (value.length > MOST_VALUES)
    return refuse("too_long", `has ${value.length} values; at most ${MOST_VALUES} are allowed`);
  const texts = value.map((each: unknown) => readValue(type, each));
  const wrong = texts.indexOf(undefined);
  if (wrong >= 0)
    return refuse(
      "invalid",
      `must have values that are each ${describeValue(type)}, not ${showValue(value[wrong])}`,
    );
  return { kind: "operand", operand: texts.filter((text) => text !== undefined) };
}

function refuse(type: FilterFault["type"], message: string): OperandReading {
  return { kind: "faulty", type, message };
}

function faulty(faults: readonly FilterFault[]): FilterReading {
  return { kind: "faulty", faults: faults.slice(0, MOST_FAULTS) };
}

function unknownName(
  message: string,
  known: readonly string[],
  options: FilterFault["options"],
): FilterFault {
  return fault("inclusion", `${message}; it may be ${known.join(", ")}`, { ...options, in: known });
}

function fault(
  type: FilterFault["type"],
  message: string,
  options: FilterFault["options"] = {},
): FilterFault {
  return { type, message, options };
}

function shorten(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
