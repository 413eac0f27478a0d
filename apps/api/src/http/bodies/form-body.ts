import { RequestError } from "@bulk/domain/errors/request-error";
import { parseParameters } from "../input/parameters.ts";

/** The media type of form-encoded bodies. */
export const FORM = "application/x-www-form-urlencoded";

/** The parameter names of a form. The name of an id is `recordIds` followed by `[]`. */
export const FORM_FIELDS = {
  actionType: "bulk_action[action_type]",
  recordIds: "bulk_action[record_ids]",
  restorable: "bulk_action[restorable]",
} as const;

/**
 * Parses a form-encoded body into the equivalent JSON: `bulk_action[action_type]=…&bulk_action[record_ids][]=…`, or
 * `[record_ids][0]=…`. Keeps the order and every id; general form parsers truncate long arrays, some of them silently.
 * Throws `malformed` for any other spelling of record ids, and `too_large` for more than `most` parameters.
 */
export function parseFormBody(text: string, most: number): unknown {
  let actionType: string | undefined;
  let recordIds: string[] | undefined;
  let restorable: string | undefined;
  const parameters = parseParameters(text, most);
  if (parameters === undefined) throw tooMany(most);
  for (const [name, value] of parameters) {
    if (name === FORM_FIELDS.actionType) actionType = value;
    if (name === FORM_FIELDS.restorable) restorable = value;
    if (!name.startsWith(FORM_FIELDS.recordIds)) continue;
    if (!/^\[\d*\]$/.test(name.slice(FORM_FIELDS.recordIds.length))) throw unreadable(name);
    recordIds ??= [];
    recordIds.push(value);
  }
  if (actionType === undefined && recordIds === undefined && restorable === undefined) return {};
  return {
    bulk_action: {
      action_type: actionType,
      record_ids: recordIds,
      ...(restorable !== undefined && { restorable: BOOLEANS.get(restorable) ?? restorable }),
    },
  };
}

const BOOLEANS = new Map([
  ["true", true],
  ["false", false],
]);

function unreadable(name: string): RequestError {
  return new RequestError(
    "malformed",
    "request.malformed",
    `Send each id as ${FORM_FIELDS.recordIds}[]=<id>, not as ${name.slice(0, 80)}.`,
  );
}

function tooMany(most: number): RequestError {
  return new RequestError("too_large", "request.too_large", `The form has more than ${most} parameters.`);
}
