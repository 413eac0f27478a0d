import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { jsonOfRecordIds } from "./ids-json.ts";
import { readRecordIds } from "./read-record-ids.ts";

const ONE = "01234567-89ab-cdef-0123-456789abcdef";
const OTHER = "fedcba98-7654-3210-fedc-ba9876543210";

// What `SELECT encode(array_send($1::uuid[]), 'hex')` of PostgreSQL 18 answers for them.
test("ids in any case are written as array_send writes them", () => {
  expect(hexadecimal([ONE, OTHER.toUpperCase()])).toBe(
    "000000010000000000000b860000000200000001" +
      "000000100123456789abcdef0123456789abcdef" +
      "00000010fedcba9876543210fedcba9876543210",
  );
});

test("an id that repeats an earlier one, in whatever case, is dropped and the order kept", () => {
  expect(list([OTHER, ONE, OTHER.toUpperCase(), ONE])).toEqual([OTHER, ONE]);
  expect(hexadecimal([OTHER, ONE, OTHER.toUpperCase(), ONE])).toBe(hexadecimal([OTHER, ONE]));
});

test("among many ids that differ in one word just those that repeat are dropped", () => {
  const digits = (value: number) => value.toString(16).padStart(8, "0");
  const distinct = Array.from({ length: 5_000 }, (_, index) => [
    `${digits(index)}-0000-4000-8000-000000000000`,
    `00000000-0000-4000-8000-0000${digits(index + 1)}`,
    randomUUID(),
  ]).flat();
  expect(list([...distinct, ...distinct.toReversed()])).toEqual(distinct);
});

test("no ids are an empty list", () => {
  expect(list([])).toEqual([]);
});

test.each([
  ["another type", 42],
  ["null", null],
  ["too short", ONE.slice(1)],
  ["too long", `${ONE}0`],
  ["no dashes", `${ONE.replaceAll("-", "")}0000`],
  ["a letter that is no digit", ONE.replace("a", "g")],
  ["a dash in a wrong place as well", ONE.replace("a", "-")],
  ["a letter beyond ASCII whose low byte is a digit", ONE.replace("0", "\u0130")],
  ["a space", ONE.replace("a", " ")],
])("%s is no UUID, wherever it stands", (_, value) => {
  expect(list([value, ONE])).toBeUndefined();
  expect(list([ONE, value])).toBeUndefined();
  expect(list([ONE, value, OTHER])).toBeUndefined();
});

function hexadecimal(values: readonly unknown[]): string | undefined {
  const read = readRecordIds("uuid", values);
  return read && Buffer.from(read.encoded).toString("hex");
}

function list(values: readonly unknown[]): unknown {
  const read = readRecordIds("uuid", values);
  return read && JSON.parse(Buffer.concat([...jsonOfRecordIds(read).pieces()].map(Buffer.from)).toString());
}
