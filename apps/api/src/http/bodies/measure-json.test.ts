import fc from "fast-check";
import { expect, test } from "vitest";
import { findBrokenBound } from "./measure-json.ts";

const BOUNDS = { depth: 3, keys: 2, values: 5 };

test.each([
  ["[[[1]]]", undefined],
  ["[[[[1]]]]", "depth"],
  ['{"a":{"b":1}}', undefined],
  ['{"a":{"b":{"c":1}}}', "keys"],
  ["[1,2,3,4,5]", undefined],
  ["[1,2,3,4,5,6]", "values"],
  ["[[],[],[]]", "values"],
  ['["[[[[,,,,,,::::"]', undefined],
  ['["\\"[[[[", "\\\\", "\\\\\\"{{{{"]', undefined],
  ['"', undefined],
  ['"\\', undefined],
  ["]]]][[[[", undefined],
])("%j breaks %j", (text, bound) => {
  expect(findBrokenBound(Buffer.from(text), BOUNDS)).toBe(bound);
});

test("what it counts is what is there", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const found = count(value);
      const bytes = Buffer.from(JSON.stringify(value));
      expect(findBrokenBound(bytes, found)).toBeUndefined();
      for (const bound of ["depth", "keys"] as const) {
        if (found[bound] > 0) {
          expect(findBrokenBound(bytes, { ...found, [bound]: found[bound] - 1 })).toBe(bound);
        }
      }
    }),
  );
});

function count(value: unknown): { depth: number; keys: number; values: number } {
  if (typeof value !== "object" || value === null) return { depth: 0, keys: 0, values: 0 };
  const within = Object.values(value).map(count);
  return {
    depth: 1 + Math.max(0, ...within.map(({ depth }) => depth)),
    keys: (Array.isArray(value) ? 0 : within.length) + within.reduce((sum, { keys }) => sum + keys, 0),
    values: 1 + Math.max(0, within.length - 1) + within.reduce((sum, { values }) => sum + values, 0),
  };
}
