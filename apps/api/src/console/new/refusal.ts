import { RequestError } from "@bulk/domain/errors/request-error";
import { errorResponse } from "../../http/error-body.ts";
import { inGroups } from "../render/words.ts";

/** Why something was not accepted, for the page that says so. */
export type Refusal = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly faults: readonly PageFault[];
};

/** A fault in the words of the API, and the id of the field that has it. */
export type PageFault = { readonly field: string | undefined; readonly text: string };

/** Reads a refusal from what was thrown. Throws it again if it is none. */
export function readRefusal(error: unknown): Refusal {
  if (!(error instanceof RequestError)) throw error;
  const { status, headers, body } = errorResponse(error);
  const isCount = error.code === "bulk_action.count_changed";
  const faults = body.validation_errors.map(({ attribute, message }) => ({
    field: isCount ? "count" : FIELDS.get(attribute),
    text: tell(attribute, message),
  }));
  return {
    status,
    headers,
    faults: faults.length > 0 ? faults : [{ field: undefined, text: error.message }],
  };
}

// The API's callers count from 0, people from 1; of a file the message has the line.
function tell(attribute: string, message: string): string {
  if (attribute !== "record_ids") return `${NAMES.get(attribute) ?? attribute} ${message}`;
  const [, index, rest] = /^\[(\d+)\] (.*)$/s.exec(message) ?? [];
  if (index !== undefined) return `Id ${inGroups(Number(index) + 1)} ${rest}`;
  return message.startsWith("line ") ? `L${message.slice(1)}` : `The list of ids ${message}`;
}

/** What the form calls the attributes. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["account", "The account"],
  ["action_type", "The type"],
  ["filter", "The filter"],
  ["max_records", "The largest number of records"],
  ["file", "The file"],
  ["count", "The number"],
  ["expected_count", "The number"],
]);

/** The fields by the attributes whose faults they have. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ["account", "account"],
  ["action_type", "action_type"],
  ["record_ids", "ids"],
  ["filter", "filter"],
  ["max_records", "max_records"],
  ["restorable", "restorable"],
  ["file", "file"],
  ["count", "count"],
  ["expected_count", "count"],
]);
