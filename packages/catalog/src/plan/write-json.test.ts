import { expect, test } from "vitest";
import { writeJson } from "./write-json.ts";

test("what fits is written in one line, the rest is broken up, and all of it is the same JSON", () => {
  const value = {
    record: { key: { column: 'a"b', type: "bigint" }, on: {}, expects: ["x".repeat(80), "y".repeat(80)] },
    left_out: undefined,
    none: null,
  };

  const text = writeJson(value);

  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  expect(text.split("\n").slice(0, 6)).toEqual([
    "{",
    '  "record": {',
    '    "key": { "column": "a\\"b", "type": "bigint" },',
    '    "on": {},',
    '    "expects": [',
    `      "${"x".repeat(80)}",`,
  ]);
});
