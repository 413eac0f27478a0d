import type { KeyType } from "@bulk/domain/keys/key-type";
import { readKey } from "@bulk/domain/keys/read-key";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addPlainId, openIdArray } from "./id-array.ts";
import { jsonOfRecordIds } from "./ids-json.ts";
import { isRecordIds, readRecordIds } from "./read-record-ids.ts";

const TYPES: readonly KeyType[] = ["uuid", "smallint", "integer", "bigint", "text"];

const values = fc.array(
  fc.oneof(
    fc.uuid(),
    fc.integer({ min: -40_000, max: 40_000 }),
    fc.integer({ min: -3, max: 3 }).map(String),
    fc.string({ unit: "binary", maxLength: 3 }),
    fc.constantFrom("NULL", "", "{}", "[]", "01", null),
  ),
  { maxLength: 12 },
);

test.each(TYPES)(
  "a list of the type %s has each id once, in order, or is refused for one of them",
  (type) => {
    fc.assert(
      fc.property(values, (list) => {
        const keys = list.map((value) => readKey(type, value));
        const expected = keys.includes(undefined) ? undefined : [...new Set(keys)];
        expect(read(type, list)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  },
);

test("the same integer as number and as text is one id", () => {
  expect(read("integer", [7, "7", "-1", -1, 0])).toEqual(["7", "-1", "0"]);
});

// What `SELECT encode(array_send($1::text[]), 'hex')` of PostgreSQL 18 answers for them.
test("texts are written as array_send writes them", () => {
  const encoded = readRecordIds("text", ["NULL", '{"a,\\', "é語👍"])?.encoded;
  expect(encoded && Buffer.from(encoded).toString("hex")).toBe(
    "000000010000000000000019" +
      "0000000300000001" +
      "000000044e554c4c" +
      "000000057b22612c5c" +
      "00000009c3a9e8aa9ef09f918d",
  );
});

/** Nearly an id of any type: with a few characters in the place of others. */
const nearlyId = fc
  .tuple(
    fc.oneof(fc.uuid(), fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String), fc.string()),
    fc.nat(40),
    fc.nat(2),
    fc.constantFrom("-", "0", "G", "F", "ā", "\u0130", " ", "", "\n", "\0", '"', "\\", "\x7f", "\x80"),
  )
  .map(([id, at, length, text]) => id.slice(0, at) + text + id.slice(at + length));

test.each(TYPES)("the bytes of plain text are an id of the type %s exactly if the text is one", (type) => {
  const bounds = [-(2n ** 63n), 2n ** 63n - 1n, -(2n ** 31n), 2n ** 31n - 1n, -32_768n, 32_767n];
  const texts = fc.oneof(
    nearlyId,
    fc.uuid(),
    fc.string({ unit: "grapheme-ascii", minLength: 250, maxLength: 260 }),
    fc.constantFrom(...bounds.flatMap((bound) => [bound - 1n, bound, bound + 1n]).map(String)),
    fc.constantFrom("", "-", "-0", "0", "00", "-01", "-1", "+1", "1e3", "12", "9".repeat(19), "9".repeat(20)),
  );
  fc.assert(
    fc.property(texts, fc.nat(3), (text, offset) => {
      const bytes = Buffer.from(`${"x".repeat(offset)}${text}"y`);
      const array = openIdArray(type, 0);
      const isPlain = /^[\x20-\x7f]*$/.test(text) && !/["\\]/.test(text);
      const id = isPlain ? readKey(type, text) : undefined;
      expect(addPlainId(array, bytes, offset, bytes.length - 2)).toBe(id !== undefined);
      expect(array.count).toBe(id === undefined ? 0 : 1);
      if (id !== undefined) {
        expect(array.bytes.subarray(20, array.end)).toEqual(
          Buffer.from(readRecordIds(type, [id])?.encoded.subarray(20) ?? []),
        );
      }
    }),
    { numRuns: 2_000 },
  );
});

test("texts of more than one block are compared to their ends", () => {
  const long = "x".repeat(200);
  const texts = [`${long}a`, `${long}b`, `a${long}`, `b${long}`, long, `${long}a`, long];
  expect(read("text", texts)).toEqual(texts.slice(0, 5));
});

test("JSON of many ids is that of their texts", () => {
  const integers = Array.from({ length: 3_001 }, (_, index) => String(index - 1_000));
  expect(read("bigint", integers)).toEqual(integers);
  const uuids = Array.from({ length: 2_000 }, () => crypto.randomUUID());
  expect(read("uuid", uuids)).toEqual(uuids);
});

test("nothing that JSON or a form holds is taken for ids that were read", () => {
  expect(isRecordIds(readRecordIds("text", ["a"]))).toBe(true);
  fc.assert(fc.property(fc.jsonValue(), (value) => !isRecordIds(value)));
  expect(isRecordIds(JSON.parse('{"type":"uuid","count":1,"encoded":{"0":1}}'))).toBe(false);
});

function read(type: KeyType, values: readonly unknown[]): unknown {
  const ids = readRecordIds(type, values);
  return (
    ids &&
    JSON.parse(
      Buffer.concat([...jsonOfRecordIds(ids).pieces()].map((piece) => Buffer.from(piece))).toString(),
    )
  );
}
