import { type Registry, submittable } from "@bulk/actions/registry";
import { RequestError, type ValidationError } from "@bulk/domain/errors/request-error";
import type { FilterField } from "@bulk/domain/filters/filter";
import type { KeyType } from "@bulk/domain/keys/key-type";
import type { FilledCondition, NewForm } from "./new-form.ts";

/**
 * Returns the form as the body of `POST /v1/bulk_actions`, for the parser of the API: it alone decides what is valid. Throws
 * `invalid` for conditions that no body can have.
 *
 * @param expectedCount of matches; `undefined` before it is confirmed
 */
export function bodyOfForm(form: NewForm, registry: Registry, expectedCount?: number): object {
  if (form.way === "file") throw formFault("file", "is read by a script, which has not run. Paste the ids");
  const action = submittable(registry).get(form.actionType);
  const common = { action_type: form.actionType, restorable: form.isRestorable };
  if (form.way === "ids") {
    return { bulk_action: { ...common, record_ids: splitIds(form.ids, action?.key.type) } };
  }
  const filter = filterOf(form.conditions, action?.filtering?.fields ?? new Map());
  const selected = { filter, max_records: readWhole(form.maxRecords), expected_count: expectedCount };
  return { bulk_action: { ...common, ...selected } };
}

/** Reads a whole number with or without separators of thousands; anything else stays as it is, to be refused. */
export function readWhole(text: string): number | string {
  const digits = text.replaceAll(/[\s,]/g, "");
  return /^\d{1,15}$/.test(digits) ? Number(digits) : text;
}

// A text may contain commas and spaces, also at its ends.
function splitIds(text: string, type: KeyType | undefined): readonly string[] {
  const isPlain = type !== undefined && type !== "text";
  return text.split(isPlain ? /[\s,;]+/ : /\r\n|\r|\n/).filter((id) => id !== "");
}

function filterOf(conditions: readonly FilledCondition[], fields: ReadonlyMap<string, FilterField>): object {
  const filter = new Map<string, Map<string, unknown>>();
  for (const { field, operator, value } of conditions) {
    if (field === "" && value === "") continue;
    if (field === "") throw badFilter("has a value without a field");
    const operands = filter.get(field) ?? new Map<string, unknown>();
    if (operands.has(operator)) throw badFilter(`has ${field}.${operator} twice`);
    filter.set(field, operands.set(operator, readOperand(fields.get(field), operator, value)));
  }
  return Object.fromEntries([...filter].map(([field, operands]) => [field, Object.fromEntries(operands)]));
}

function readOperand(field: FilterField | undefined, operator: string, text: string): unknown {
  const type = field?.kind === "column" ? field.type : undefined;
  if (operator === "in") return text.split(",").map((value) => readValue(type, value.trim()));
  const isYesOrNo = operator === "is_null" || operator === "exists" || type === "boolean";
  return isYesOrNo ? (YES_OR_NO.get(text.trim()) ?? text) : readValue(type, text);
}

const YES_OR_NO = new Map([
  ["true", true],
  ["false", false],
]);

// A date alone is its first moment in UTC, as at the command line.
function readValue(type: string | undefined, text: string): string {
  if (type === "text") return text;
  const value = text.trim();
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return value;
  if (type === "timestamptz") return `${value}T00:00:00Z`;
  return type === "timestamp" ? `${value}T00:00:00` : value;
}

function badFilter(message: string): RequestError {
  return formFault("filter", message);
}

/** The error for something in the form that the API cannot know. `message` continues the name of the attribute. */
export function formFault(attribute: string, message: string): RequestError {
  return new RequestError("invalid", "bulk_action.invalid", `${attribute} ${message}.`, [
    faultOf(attribute, message),
  ]);
}

/** The same as one of several faults. */
export function faultOf(attribute: string, message: string): ValidationError {
  const code = `bulk_action.${attribute}.invalid`;
  return { attribute, type: "invalid", options: {}, code, message };
}
