/**
 * A form-encoded body as the JSON it stands for: `bulk_action[action_type]=…&bulk_action[record_ids][]=…`
 * (or `[record_ids][0]=…`). Order is kept and no id is dropped, however many there are: general form
 * parsers cap arrays, some of them silently.
 */
export function parseFormBody(text: string): unknown {
  let actionType: string | undefined;
  let recordIds: string[] | undefined;
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === "bulk_action[action_type]") actionType = value;
    if (!/^bulk_action\[record_ids\]\[\d*\]$/.test(name)) continue;
    recordIds ??= [];
    recordIds.push(value);
  }
  if (actionType === undefined && recordIds === undefined) return {};
  return { bulk_action: { action_type: actionType, record_ids: recordIds } };
}
