import {
  type FilterField,
  type FilterFields,
  type FilterType,
  MOST_VALUES,
  type Operator,
  operatorsOf,
} from "@bulk/domain/filters/filter";
import { readFilter } from "@bulk/domain/filters/read-filter";
import { describeValue, MOST_TEXT_UNITS } from "@bulk/domain/filters/read-value";
import { z } from "zod";
import { BLANK, fault } from "../../http/input/validate.ts";

/** Returns the schema of the attribute `filter` over these fields. */
export function filterOf(fields: FilterFields) {
  return z.unknown().transform((value, context) => {
    const read = value === null ? undefined : readFilter(fields, value);
    if (read?.kind === "read") return read.filter;
    const faults = read?.faults.map(({ type, message, options }) => fault(type, message, options)) ?? [BLANK];
    for (const found of faults) context.addIssue(found);
    return z.NEVER;
  });
}

/** Returns the same schema as the reference describes it, for records of this kind. */
export function describedFilterOf(recordType: string, fields: FilterFields) {
  const properties = Object.fromEntries([...fields].map(([name, field]) => [name, describeField(field)]));
  return filterOf(fields).meta({
    id: `${toPascalCase(recordType)}Filter`,
    ...anObject(properties),
    description:
      "Selects the records of the account for which all conditions hold, in place of `record_ids`. Values are fixed when " +
      "the bulk action is created. A column without a value meets no condition but `is_null`.",
  });
}

function describeField(field: FilterField): object {
  const operators = operatorsOf(field).map((operator) => [operator, describeOperand(field, operator)]);
  return anObject(Object.fromEntries(operators));
}

function anObject(properties: Readonly<Record<string, object>>) {
  return { type: "object", properties, additionalProperties: false, minProperties: 1 } as const;
}

function describeOperand(field: FilterField, operator: Operator): object {
  if (field.kind === "relation") return { type: "boolean", description: "Whether there are such rows." };
  if (operator === "is_null") return { type: "boolean", description: "Whether there is no value." };
  const value = VALUES[field.type];
  return operator === "in" ? { type: "array", items: value, minItems: 1, maxItems: MOST_VALUES } : value;
}

const INTEGER = { type: ["integer", "string"] } as const;

const VALUES: Readonly<Record<FilterType, object>> = {
  text: { type: "string", maxLength: MOST_TEXT_UNITS },
  uuid: { type: "string", format: "uuid" },
  smallint: INTEGER,
  integer: INTEGER,
  bigint: INTEGER,
  numeric: { ...INTEGER, description: capitalize(describeValue("numeric")) },
  boolean: { type: "boolean" },
  date: { type: "string", format: "date" },
  timestamp: { type: "string", description: capitalize(describeValue("timestamp")) },
  timestamptz: {
    type: "string",
    format: "date-time",
    description: capitalize(describeValue("timestamptz")),
  },
};

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** `gift_card` → `GiftCard` */
function toPascalCase(words: string): string {
  return words.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
