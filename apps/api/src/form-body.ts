import { RequestError } from "@bulk/domain/request-error";

/**
 * A form-encoded body as the JSON it stands for: `bulk_action[action_type]=…&bulk_action[record_ids][]=…`
 * (or `[record_ids][0]=…`). Order is kept and no id is dropped, however many there are: general form
 * parsers cap arrays, some of them silently. Throws for record ids in any other spelling.
 */
export function parseFormBody(text: string): unknown {
  let actionType: string | undefined;
  let recordIds: string[] | undefined;
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === "bulk_action[action_type]") actionType = value;
    if (!name.startsWith(RECORD_IDS)) continue;
    if (!/^\[\d*\]$/.test(name.slice(RECORD_IDS.length))) throw unreadable(name);
    recordIds ??= [];
    recordIds.push(value);
  }
  if (actionType === undefined && recordIds === undefined) return {};
  return { bulk_action: { action_type: actionType, record_ids: recordIds } };
}

const RECORD_IDS = "bulk_action[record_ids]";

function unreadable(name: string): RequestError {
  return new RequestError(
    "malformed",
    "request.malformed",
    `Send each id as ${RECORD_IDS}[]=<id>, not as ${name.slice(0, 80)}.`,
  );
}
