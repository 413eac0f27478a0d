import type { Slices } from "@bulk/service/timing/slices";
import { addPlainId, type IdArray, openIdArray } from "@bulk/store/record-ids/id-array";
import { distinctIds, type RecordIds } from "@bulk/store/record-ids/read-record-ids";
import type { FindKeyType } from "../../bulk-actions/body/find-key-type.ts";

/** A plain body with its ids. A reader of `JSON.parse`'s result also takes this. */
export type PlainBody = {
  readonly bulk_action: { readonly action_type: string; readonly record_ids: RecordIds };
};

export type PlainBodyReader = {
  /** Takes the next bytes of the body. Returns false once the body is not plain. */
  take(piece: Uint8Array): boolean;
  /** Reads the ids after the last bytes. `undefined`: the body is not plain. */
  finish(): Slices<PlainBody> | undefined;
};

export type PlainBodyOptions = {
  readonly findKeyType: FindKeyType;
  /** The most ids. */
  readonly most: number;
  /** The expected size of the body. */
  readonly bytes: number;
};

/**
 * Opens a reader of the JSON body that nearly everybody sends, from its bytes as they arrive: no string and no value is made
 * for an id. Any other body, also a wrong one, is not plain and has to be parsed by `JSON.parse`.
 *
 *     body   = "{" "bulk_action" ":" "{" member "," member "}" "}"
 *     member = "action_type" ":" text | "record_ids" ":" "[" id ("," id)* "]"
 *
 * White space may be between all of these. Both members must be there. A text is ASCII without escapes and names an action;
 * an id is such a text of the type of the action's key. If action types differ in that, `action_type` comes first.
 */
export function openPlainBody(options: PlainBodyOptions): PlainBodyReader {
  const reading: Reading = { ...options, state: "start", actionType: undefined, ids: undefined };
  let rest: Uint8Array = NOTHING;
  let isPlain = true;
  return {
    take(piece) {
      if (!isPlain) return false;
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const end = readTokens(reading, bytes);
      rest = bytes.subarray(end);
      isPlain = end >= 0 && rest.length <= MOST_TEXT;
      return isPlain;
    },
    finish() {
      const { state, actionType, ids } = reading;
      if (!isPlain || state !== "end" || rest.length > 0) return undefined;
      return actionType === undefined || ids === undefined ? undefined : readIds(actionType, ids);
    },
  };
}

const NOTHING = new Uint8Array();

/** The most bytes of a text, with its first quote. */
const MOST_TEXT = 300;

function* readIds(actionType: string, ids: IdArray): Slices<PlainBody> {
  return { bulk_action: { action_type: actionType, record_ids: yield* distinctIds(ids) } };
}

/** What may come next. */
type State =
  | "start"
  | "envelope"
  | "after_envelope"
  | "content"
  | "key"
  | "after_action_type"
  | "after_record_ids"
  | "action_type"
  | "ids"
  | "id"
  | "after_id"
  | "after_member"
  | "after_content"
  | "end";

type Reading = PlainBodyOptions & {
  state: State;
  actionType: string | undefined;
  ids: IdArray | undefined;
};

/** Reads all whole tokens. Returns where the first one that is not whole begins, or -1 if the body is not plain. */
function readTokens(reading: Reading, bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const end = findQuote(bytes, at + 1);
      if (end === -1) return at;
      if (!takeText(reading, bytes, at + 1, end)) return -1;
      at = end + 1;
    } else {
      if (byte !== SPACE && byte !== LINE_FEED && byte !== RETURN && byte !== TAB && !takeMark(reading, byte))
        return -1;
      at += 1;
    }
  }
  return at;
}

const [QUOTE, SPACE, LINE_FEED, RETURN, TAB] = [0x22, 0x20, 0x0a, 0x0d, 0x09] as const;

function findQuote(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) if (bytes[at] === QUOTE) return at;
  return -1;
}

/** Takes the text between two quotes. Returns false if it does not belong here. */
function takeText(reading: Reading, bytes: Uint8Array, from: number, to: number): boolean {
  switch (reading.state) {
    case "id":
      return takeId(reading, bytes, from, to);
    case "envelope":
      reading.state = "after_envelope";
      return asText(bytes, from, to) === "bulk_action";
    case "key":
      return takeKey(reading, asText(bytes, from, to));
    case "action_type":
      reading.actionType = asText(bytes, from, to);
      reading.state = "after_member";
      return reading.findKeyType(reading.actionType) !== undefined;
    default:
      return false;
  }
}

// A key that comes twice is left to `JSON.parse`.
function takeKey(reading: Reading, key: string): boolean {
  if (key === "action_type" && reading.actionType === undefined) reading.state = "after_action_type";
  else if (key === "record_ids" && reading.ids === undefined) reading.state = "after_record_ids";
  else return false;
  return true;
}

function takeId(reading: Reading, bytes: Uint8Array, from: number, to: number): boolean {
  const { ids, most } = reading;
  reading.state = "after_id";
  return ids !== undefined && ids.count < most && addPlainId(ids, bytes, from, to);
}

function asText(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}

/** Takes a byte outside of texts. Returns false if it does not belong here. */
function takeMark(reading: Reading, byte: number): boolean {
  const next = nextState(reading.state, byte);
  if (next === undefined) return false;
  reading.state = next;
  return next !== "id" || reading.ids !== undefined || openIds(reading);
}

function nextState(state: State, byte: number): State | undefined {
  switch (state) {
    case "after_id":
      return byte === COMMA ? "id" : byte === CLOSING_BRACKET ? "after_member" : undefined;
    case "start":
      return byte === BRACE ? "envelope" : undefined;
    case "after_envelope":
      return byte === COLON ? "content" : undefined;
    case "content":
      return byte === BRACE ? "key" : undefined;
    case "after_action_type":
      return byte === COLON ? "action_type" : undefined;
    case "after_record_ids":
      return byte === COLON ? "ids" : undefined;
    case "ids":
      return byte === BRACKET ? "id" : undefined;
    case "after_member":
      return byte === COMMA ? "key" : byte === CLOSING_BRACE ? "after_content" : undefined;
    case "after_content":
      return byte === CLOSING_BRACE ? "end" : undefined;
    default:
      return undefined;
  }
}

const [COMMA, COLON] = [0x2c, 0x3a] as const;
const [BRACE, CLOSING_BRACE, BRACKET, CLOSING_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d] as const;

function openIds(reading: Reading): boolean {
  const type = reading.findKeyType(reading.actionType);
  reading.ids = type && openIdArray(type, reading.bytes);
  return type !== undefined;
}
