import fc from "fast-check";
import { ODD_TEXTS } from "../support/odd-ids.ts";
import { hostileText, repeated } from "./hostile-text.ts";

/** Bodies made from a good one: with other values, keys twice or of prototypes, broken off, or something else. */
export function hostileBody(good: string): fc.Arbitrary<string> {
  const spoiled = isLines(good)
    ? fc
        .array(fc.tuple(fc.nat(), hostileLine()), { minLength: 1, maxLength: 4 })
        .map((lines) => spoilLines(good, lines))
    : good.startsWith("{")
      ? fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => spoilJson(good, edits))
      : fc.array(fc.tuple(formName, hostileText), { maxLength: 4 }).map((pairs) => spoilForm(good, pairs));
  const cut = fc.tuple(spoiled, fc.nat(200)).map(([text, length]) => text.slice(0, length));
  const other = fc.oneof(
    hostileValue,
    hostileText,
    repeated("a=b&", 25_000),
    repeated("a&", 40_000),
    repeated("%ff=%z&", 10_000),
  );
  return fc.oneof(
    { weight: 6, arbitrary: spoiled },
    { weight: 1, arbitrary: cut },
    { weight: 2, arbitrary: other },
  );
}

// No JSON example and no form has a line feed.
function isLines(good: string): boolean {
  return good.includes("\n");
}

/** Puts lines in the place of others. */
function spoilLines(good: string, lines: readonly (readonly [number, string])[]): string {
  const all = good.split("\n");
  for (const [at, line] of lines) all.splice(at % all.length, at % 2, line);
  return all.join("\n");
}

function hostileLine(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      '"',
      '""',
      '"a',
      'a"b',
      '"a"b',
      '"a\nb"',
      ",",
      ",,,",
      "\r",
      "\ufeff",
      "id",
      "record_id,id",
      "\0",
    ),
    fc.constantFrom(
      '{"id":1}',
      '{"id":[]}',
      '{"record_id":"a","id":null}',
      '{"__proto__":{"id":"a"}}',
      "//",
      "null",
    ),
    fc
      .array(fc.constantFrom('"', ",", "\r", "\n", "a", "é", "1"), { maxLength: 12 })
      .map((parts) => parts.join("")),
    repeated("x", 70_000),
    repeated("1\n", 60),
    hostileValue,
    fc.uuid(),
    hostileText,
  );
}

const formName = fc.oneof(
  fc.constantFrom("bulk_action[record_ids][]", "bulk_action[record_ids][0]", "bulk_action[record_ids]"),
  fc.constantFrom(
    "bulk_action[action_type]",
    "bulk_action[__proto__][a]",
    "bulk_action",
    "__proto__[a]",
    "[]",
  ),
  hostileText,
);

function spoilForm(good: string, pairs: readonly (readonly [string, string])[]): string {
  return [
    good,
    ...pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  ].join("&");
}

type Edit = {
  readonly at: number;
  readonly how: "replace" | "add" | "twice";
  readonly key: string;
  readonly value: string;
};

/** An id of another type, or nearly one. */
const oddId = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.constantFrom("9223372036854775808", "-9223372036854775809", "00", "-0", "1.0"),
  fc.constantFrom("a\0", "\ud800", "a\udfff", "👍".repeat(256), "x".repeat(511)),
  hostileText,
);

/** JSON text, so that it may be what no value can be: a key twice, a number of 400 digits. */
const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("null", "true", "0", "-0", "1e999", "1E-999", "0.1", "9007199254740993", '""', "[]", "{}"),
  fc.constantFrom(
    '{"__proto__":{"a":1}}',
    '{"constructor":{"prototype":{"a":1}}}',
    '{"a":1,"a":2}',
    '{"length":1e9}',
    '{"eq":null}',
    '{"in":[]}',
    '"2022-02-30T24:00:60.0000001+99:99"',
    '"infinity"',
  ),
  fc.constantFrom(
    '"\\ud800"',
    '"\\u0000"',
    "[null]",
    "[[]]",
    "[{}]",
    "NaN",
    "undefined",
    "'a'",
    "[1,]",
    "/**/1",
  ),
  fc.nat(20_000).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
  fc.nat(5_000).map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
  fc.nat(3_000).map((count) => `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join()}}`),
  fc.nat(400).map((digits) => `1${"0".repeat(digits)}`),
  repeated("x", 80_000).map((text) => JSON.stringify(text)),
  fc.array(fc.uuid(), { maxLength: 60 }).map((ids) => JSON.stringify(ids)),
  fc.array(fc.oneof(fc.integer(), oddId), { maxLength: 60 }).map((ids) => JSON.stringify(ids)),
  hostileText.map((text) => JSON.stringify(text)),
  oddId.map((id) => JSON.stringify(id)),
  fc.json({ maxDepth: 3 }),
);

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(20),
  how: fc.constantFrom("replace", "add", "twice"),
  key: fc.oneof(
    fc.constantFrom("__proto__", "constructor", "record_ids", "action_type", "bulk_action"),
    fc.constantFrom("filter", "max_records", "expected_count", "created_at", "in", "is_null", "exists"),
    fc.constantFrom("url", "webhook_events", "description", "enabled", "webhook_endpoint", "signing_secret"),
    hostileText,
  ),
  value: hostileValue,
});

/** Edits one place after the other; a place is where a value begins. */
function spoilJson(good: string, edits: readonly Edit[]): string {
  return edits.reduce(spoilPlace, good);
}

function spoilPlace(text: string, { at, how, key, value }: Edit): string {
  const places = [...text.matchAll(PLACE)];
  const place = places[at % Math.max(places.length, 1)];
  if (place === undefined) return value;
  const before = text.slice(0, place.index);
  const after = text.slice(place.index + place[0].length);
  switch (how) {
    case "replace":
      return `${before}${value}${after}`;
    case "twice":
      return `${before}${place[0]},${place[0]}${after}`;
    case "add":
      return text.replace("{", () => `{${JSON.stringify(key)}:${value},`);
  }
}

/** A key with its value, or a value alone; objects and arrays by their beginning. */
const PLACE = /"(?:[^"\\]|\\.)*"(?::(?:"(?:[^"\\]|\\.)*"|[\d.eE+-]+|\[[^[\]{}]*\]))?|\[[^[\]{}]*\]/g;
