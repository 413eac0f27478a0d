import { RequestError } from "@bulk/domain/errors/request-error";
import type { Parameter } from "../../http/input/parameters.ts";

/** How the records of a new bulk action are chosen in the form. A file is read by the script, and never in a form. */
export type Way = (typeof WAYS)[number];

const WAYS = ["ids", "filter", "file"] as const;

/** A condition of a filter as it was filled in. */
export type FilledCondition = {
  readonly field: string;
  readonly operator: string;
  readonly value: string;
};

/** The form as it was filled in. Every page of its way shows or carries all of it, so nothing that was typed is lost. */
export type NewForm = {
  /** Name or id. */
  readonly account: string;
  readonly actionType: string;
  readonly way: Way;
  /** One a line or, where a comma or a space cannot be part of one, separated by these. */
  readonly ids: string;
  readonly conditions: readonly FilledCondition[];
  readonly maxRecords: string;
  /** Whether to keep what the action removes. */
  readonly isRestorable: boolean;
  /** The count that confirms it. */
  readonly count: string;
  /** The idempotency key of the preview that is confirmed. */
  readonly key: string;
};

/** Rows for conditions. Enough for a range of two fields. */
export const CONDITION_ROWS = 5;

/** The limit of matches that the form begins with: a mistake is refused before it is large. */
const FIRST_MAX_RECORDS = "10,000";

/** The form before anything is filled in. */
export const EMPTY_FORM: NewForm = {
  ...{ account: "", actionType: "", way: "ids", ids: "" },
  conditions: [],
  ...{ maxRecords: FIRST_MAX_RECORDS, isRestorable: true, count: "", key: "" },
};

/** Reads the form from its parameters. Throws `malformed` for one that no page of ours sends. */
export function readNewForm(parameters: readonly Parameter[]): NewForm {
  const values = new Map(parameters);
  const unknown = parameters.find(([name]) => !KNOWN.has(name));
  if (unknown !== undefined || values.size < parameters.length) throw foreign();
  const text = (name: string) => values.get(name) ?? "";
  return {
    account: text("account").trim(),
    actionType: text("action_type"),
    way: WAYS.find((way) => way === text("way")) ?? "ids",
    ids: text("ids"),
    conditions: ROWS.map((row) => ({
      field: text(`field_${row}`),
      operator: text(`operator_${row}`),
      value: text(`value_${row}`),
    })),
    maxRecords: text("max_records").trim(),
    isRestorable: text("restorable") !== "false",
    count: text("count"),
    key: text("key"),
  };
}

const ROWS = Array.from({ length: CONDITION_ROWS }, (_, index) => index + 1);

const KNOWN: ReadonlySet<string> = new Set([
  ...["account", "action_type", "way", "ids", "max_records", "restorable", "count", "key", "step"],
  ...ROWS.flatMap((row) => [`field_${row}`, `operator_${row}`, `value_${row}`]),
]);

function foreign(): RequestError {
  return new RequestError("malformed", "request.malformed", "This is not the form of the console.");
}
