import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IntegerType } from "./key-type.ts";
import { describeKey, readKey } from "./read-key.ts";

const BITS: readonly (readonly [IntegerType, bigint])[] = [
  ["smallint", 16n],
  ["integer", 32n],
  ["bigint", 64n],
];

describe.each(BITS)("a key of the type %s", (type, bits) => {
  const [least, most] = [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];

  test("is every integer of its range, in decimal digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: least, max: most }), (integer) => {
        expect(readKey(type, String(integer))).toBe(String(integer));
      }),
    );
    expect([least, most, 0n].map((integer) => readKey(type, String(integer)))).toEqual(
      [least, most, 0n].map(String),
    );
  });

  test("is no integer beyond its range", () => {
    expect(readKey(type, String(least - 1n))).toBeUndefined();
    expect(readKey(type, String(most + 1n))).toBeUndefined();
    expect(readKey(type, "9".repeat(100_000))).toBeUndefined();
  });

  test.each([
    ...[
      "",
      " ",
      " 1",
      "1 ",
      "+1",
      "-0",
      "00",
      "01",
      "-01",
      "1.0",
      "1e3",
      "0x10",
      "1_000",
      "١٢",
      "1\n",
      "NaN",
    ],
    ...[null, true, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, [], ["1"], {}],
  ])("is not %j", (value) => {
    expect(readKey(type, value)).toBeUndefined();
  });

  test("is a number of JSON that is exact, as the same text", () => {
    expect(readKey(type, 42)).toBe("42");
    expect(readKey(type, -42)).toBe("-42");
    expect(readKey(type, -0)).toBe("0");
  });

  test("is described by its range", () => {
    expect(describeKey(type)).toContain(`from ${least} to ${most}`);
  });
});

test("a bigint is refused as a number that JSON has rounded", () => {
  expect(readKey("bigint", Number.MAX_SAFE_INTEGER)).toBe("9007199254740991");
  expect(readKey("bigint", JSON.parse("9007199254740993"))).toBeUndefined();
  expect(readKey("bigint", "9007199254740993")).toBe("9007199254740993");
});

test("a text key is kept as it is, however odd", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 100 }), (text) => {
      const isKey = text.isWellFormed() && !text.includes("\0");
      expect(readKey("text", text)).toBe(isKey ? text : undefined);
    }),
    { numRuns: 500 },
  );
});

test("a text key has 1 to 255 characters, each of one or two code units", () => {
  for (const character of ["a", "é", "語", "👍"]) {
    expect(readKey("text", character.repeat(255))).toBe(character.repeat(255));
    expect(readKey("text", character.repeat(256))).toBeUndefined();
  }
  expect(readKey("text", "")).toBeUndefined();
});

test.each([42, null, true, ["a"], {}])("%j is no text key", (value) => {
  expect(readKey("text", value)).toBeUndefined();
});

test("a UUID is in lower case", () => {
  expect(readKey("uuid", "01234567-89AB-CDEF-0123-456789ABCDEF")).toBe(
    "01234567-89ab-cdef-0123-456789abcdef",
  );
  expect(readKey("uuid", "1")).toBeUndefined();
});
