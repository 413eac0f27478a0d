import { RequestError } from "@bulk/domain/request-error";
import { parseParameters } from "./parameters.ts";

export const FORM = "application/x-www-form-urlencoded";

/** How a form spells the attributes of a bulk action; each id has the second name with `[]` behind it. */
export const FORM_FIELDS = {
  actionType: "bulk_action[action_type]",
  recordIds: "bulk_action[record_ids]",
} as const;

/**
 * A form-encoded body as the JSON it stands for: `bulk_action[action_type]=…&bulk_action[record_ids][]=…`
 * (or `[record_ids][0]=…`). Order is kept and no id is dropped, however many there are: general form
 * parsers cap arrays, some of them silently. Throws `malformed` for record ids in any other spelling, and `too_large`
 * for more than `most` parameters.
 */
export function parseFormBody(text: string, most: number): unknown {
  let actionType: string | undefined;
  let recordIds: string[] | undefined;
  const parameters = parseParameters(text, most);
  if (parameters === undefined) throw tooMany(most);
  for (const [name, value] of parameters) {
    if (name === FORM_FIELDS.actionType) actionType = value;
    if (!name.startsWith(FORM_FIELDS.recordIds)) continue;
    if (!/^\[\d*\]$/.test(name.slice(FORM_FIELDS.recordIds.length))) throw unreadable(name);
    recordIds ??= [];
    recordIds.push(value);
  }
  if (actionType === undefined && recordIds === undefined) return {};
  return { bulk_action: { action_type: actionType, record_ids: recordIds } };
}

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
