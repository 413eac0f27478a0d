import type { IdsJson } from "./ids-json.ts";

/**
 * Writes an object as JSON, piece by piece. Its own properties may be lists of ids that are not strings yet. A property that
 * is `undefined` is left out, as by `JSON.stringify`.
 */
export function* writeJson(object: object): Generator<string | Uint8Array> {
  let text = "{";
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    text += `${text === "{" ? "" : ","}${JSON.stringify(key)}:`;
    if (isIdsJson(value)) {
      yield text;
      yield* value.pieces();
      text = "";
    } else text += JSON.stringify(value);
  }
  yield `${text}}`;
}

// Only `jsonOfRecordIds` and `jsonOfTexts` make functions of this name; no value of a response has others.
function isIdsJson(value: unknown): value is IdsJson {
  return typeof value === "object" && value !== null && "pieces" in value;
}
