import { type Registry, submittable } from "@bulk/actions/registry";
import type { FilterFields } from "@bulk/domain/filters/filter";
import { z } from "zod";
import { BLANK, fault } from "../../http/input/validate.ts";
import { describedFilterOf, filterOf } from "./filter.ts";

/** As many as a stream of ids may have. */
const MOST_RECORDS = 10_000_000;

/** The attributes of a bulk action on records that a filter selects, beside those that every body has. */
function attributesWith<FilterSchema extends z.ZodType>(filter: FilterSchema) {
  return {
    filter,
    max_records: wholeNumber(1).meta({
      ...numberFrom(1),
      description: "More matches are refused, and nothing is written.",
    }),
    expected_count: wholeNumber(0)
      .optional()
      .meta({
        ...numberFrom(0),
        description: "Another number of matches is refused, and nothing is written.",
      }),
  };
}

/** Returns the attributes of such a body for an action type; of an unknown one the filter is not checked. */
export function selectedAttributes(registry: Registry, actionType: unknown) {
  const action = [...submittable(registry).values()].find(({ type }) => type === actionType);
  const filter = action === undefined ? z.unknown().transform(() => NO_FILTER) : filterOf(fieldsOf(action));
  return { ...attributesWith(filter), record_ids: refused("cannot be combined with filter") };
}

const NO_FILTER = {};

const NO_FIELDS: FilterFields = new Map();

function fieldsOf({ filtering }: { readonly filtering?: { readonly fields: FilterFields } }): FilterFields {
  return filtering?.fields ?? NO_FIELDS;
}

/** The attributes that a body with ids must not have, although others may. */
export const ONLY_WITH_FILTER = {
  max_records: refused("needs a filter"),
  expected_count: refused("needs a filter"),
};

function refused(message: string) {
  return z
    .unknown()
    .optional()
    .superRefine((value, context) => {
      if (value !== undefined) context.addIssue(fault("invalid", message));
    });
}

/** Returns, for each kind of records that a filter may select, its action types and attributes as the reference has them. */
export function describeSelected(registry: Registry) {
  const byRecordType = Map.groupBy(submittable(registry).values(), ({ recordType }) => recordType);
  return [...byRecordType].flatMap(([recordType, actions]) => {
    const fields = actions.flatMap(({ filtering }) => filtering?.fields ?? [])[0];
    if (fields === undefined) return [];
    const types = actions.map(({ type }) => type);
    return [{ types, attributes: attributesWith(describedFilterOf(recordType, fields)) }];
  });
}

function numberFrom(least: number) {
  return { type: "integer", minimum: least, maximum: MOST_RECORDS } as const;
}

function wholeNumber(least: number) {
  return z.unknown().transform((value, context) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= MOST_RECORDS)
      return value;
    const range = { minimum: least, maximum: MOST_RECORDS };
    const isMissing = value === undefined || value === null || value === "";
    const message = `must be a whole number from ${least} to ${MOST_RECORDS}`;
    context.addIssue(isMissing ? BLANK : fault("inclusion", message, range));
    return z.NEVER;
  });
}
