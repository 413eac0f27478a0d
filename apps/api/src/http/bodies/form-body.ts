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

/** The most names of a form that are not known, as many as a JSON body may have keys. */
const MOST_OTHER_NAMES = 1_000;

/**
 * Parses a form-encoded body into the equivalent JSON: `bulk_action[action_type]=…&bulk_action[record_ids][]=…`, or
 * `[record_ids][0]=…`. Keeps the order and every id; general form parsers truncate long arrays, some of them silently. Keeps
 * every other name as well, so that it can be refused. Throws `malformed` for any other spelling of record ids, and
 * `too_large` for more than `most` parameters.
 */
export function parseFormBody(text: string, most: number): unknown {
  const content = new Map<string, unknown>();
  const beside = new Map<string, unknown>();
  const recordIds: string[] = [];
  const parameters = parseParameters(text, most);
  if (parameters === undefined) throw tooMany(`${most} parameters`);
  for (const [name, value] of parameters) {
    if (name.startsWith(FORM_FIELDS.recordIds)) {
      if (!/^\[\d*\]$/.test(name.slice(FORM_FIELDS.recordIds.length))) throw unreadable(name);
      if (recordIds.length === 0) content.set("record_ids", recordIds);
      recordIds.push(value);
    } else {
      const key = nameInEnvelope(name);
      if (key === undefined) beside.set(name, value);
      else content.set(key, name === FORM_FIELDS.restorable ? (BOOLEANS.get(value) ?? value) : value);
      const others = content.size + beside.size;
      if (others > MOST_OTHER_NAMES) throw tooMany(`${MOST_OTHER_NAMES} names`);
    }
  }
  // Its entries become properties of its own, whatever their names are.
  const isWhole = content.size > 0 && !beside.has("bulk_action");
  if (isWhole) beside.set("bulk_action", Object.fromEntries(content));
  return Object.fromEntries(beside);
}

/** `bulk_action[a]` → `a`, `bulk_action[a][b]` → `a[b]` */
function nameInEnvelope(name: string): string | undefined {
  const [, key, rest] = /^bulk_action\[([^\]]*)\](.*)$/s.exec(name) ?? [];
  return key === undefined ? undefined : `${key}${rest}`;
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

function tooMany(limit: string): RequestError {
  return new RequestError("too_large", "request.too_large", `The form has more than ${limit}.`);
}
