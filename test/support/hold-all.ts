import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { isThere } from "./repository.ts";

/** A promise about the value at a path: what it must be, and values that must not pass. */
type PathRow<Document> = readonly [
  promise: string,
  path: string,
  expected: Expected<Document>,
  ...wrong: readonly unknown[],
];

/** A value (`undefined`: there must be none), a pattern for its text, or a function that returns true for it. */
type Expected<Document> = Plain | RegExp | ((value: unknown, document: Document) => boolean);

type Plain = string | number | boolean | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** A promise about all of the document: a function that lists what breaks it, and faults that it must find. */
type WholeRow<Document> = readonly [
  promise: string,
  findOffenders: (document: Document) => readonly string[],
  faults: Readonly<Record<string, unknown>>,
];

/**
 * Tests that a document keeps every promise of a table, and that each row notices its faults, planted one at a time:
 * values at paths of an object, or, in a text, other words in the place of some. A row with a path must also notice that
 * the value is blank or missing.
 */
export function holdAll<Document extends object | string>(
  document: Document,
  rows: readonly (PathRow<Document> | WholeRow<Document>)[],
): void {
  for (const row of rows) {
    test(row[0], () => (isWhole(row) ? holdWhole(document, row) : holdPath(document, row)));
  }
}

function isWhole<Document>(row: PathRow<Document> | WholeRow<Document>): row is WholeRow<Document> {
  return typeof row[1] === "function";
}

function holdWhole<Document>(document: Document, [, findOffenders, faults]: WholeRow<Document>): void {
  expect(findOffenders(document)).toEqual([]);
  expect(Object.keys(faults)).not.toEqual([]);
  for (const [path, value] of Object.entries(faults)) {
    expect(findOffenders(plant(document, path, value)), path).not.toEqual([]);
  }
}

function holdPath<Document>(document: Document, [, pattern, expected, ...wrong]: PathRow<Document>): void {
  const paths = expand(pattern);
  expect(paths.filter((path) => !isMet(expected, document, path))).toEqual([]);
  for (const value of ["", ...(expected === undefined ? [] : [undefined]), ...wrong]) {
    expect(paths.filter((path) => isMet(expected, plant(document, path, value), path))).toEqual([]);
  }
}

function isMet<Document>(expected: Expected<Document>, document: Document, path: string): boolean {
  const value = readAt(document, path);
  if (typeof expected === "function") return expected(value, document);
  if (!(expected instanceof RegExp)) return isDeepStrictEqual(value, expected);
  return expected.test(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}

/** `a.b|c` stands for `a.b` and `a.c`. */
function expand(pattern: string): readonly string[] {
  const [first = [], ...rest] = pattern.split(".").map((keys) => keys.split("|"));
  return rest.reduce((paths, keys) => paths.flatMap((path) => keys.map((key) => `${path}.${key}`)), first);
}

/** The value at a path such as `services.api.ports.0`; an entry of a list may also be named by its `name`. */
export function readAt<Value = unknown>(document: unknown, path: string): Value {
  return path.split(".").reduce((node, key) => toRecord(node)[findKey(node, key)], document) as Value;
}

/** What only one of two lists has. */
export function listDifferences(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...one.filter((item) => !other.includes(item)), ...other.filter((item) => !one.includes(item))];
}

/** Whether the repository has the file that the first group of the pattern finds in a value. */
export function namesFile(pattern: RegExp): (value: unknown) => boolean {
  return (value) => {
    const file = pattern.exec(String(value))?.[1];
    return file !== undefined && isThere(file);
  };
}

/** Whether a value is at least this many seconds, as a number or as a text such as `40` or `40s`. */
export function isAtLeast(seconds: number): (value: unknown) => boolean {
  return (value) => Number(/^(\d+)s?$/.exec(String(value))?.[1]) >= seconds;
}

function plant<Document>(document: Document, path: string, value: unknown): Document {
  if (typeof document !== "string") return putIn(document, path.split("."), value) as Document;
  if (!document.includes(path)) throw new Error(`There is no ${path} to replace.`);
  return document.replace(path, String(value)) as Document;
}

/** A copy with another value at a path; `undefined` removes what is there. */
function putIn(node: unknown, [key = "", ...rest]: readonly string[], value: unknown): unknown {
  const copy = toRecord(Array.isArray(node) ? [...node] : { ...toRecord(node) });
  const own = findKey(node, key);
  copy[own] = rest.length === 0 ? value : putIn(copy[own], rest, value);
  if (copy[own] === undefined) Reflect.deleteProperty(copy, own);
  return copy;
}

function findKey(node: unknown, key: string): string {
  if (!Array.isArray(node) || /^\d+$/.test(key)) return key;
  return String(node.findIndex((entry) => toRecord(entry)["name"] === key));
}

function toRecord(node: unknown): Record<string, unknown> {
  return (node ?? {}) as Record<string, unknown>;
}
