import { expect, test } from "vitest";
import { toCsvLine } from "./csv.ts";
import { escapeText } from "./escape-text.ts";
import { toJsonLine } from "./print.ts";
import { alignRows } from "./table.ts";

test("what a terminal would act upon is shown, not done", () => {
  expect(escapeText("a\u001b[2Jb\r\u009b\u202e\nc")).toBe("a\\u{1b}[2Jb\\u{d}\\u{9b}\\u{202e}\nc");
  expect(alignRows([["\u001b]0;x\u0007", "a\nb"]])).toBe("\\u{1b}]0;x\\u{7}  a\\nb\n");
  expect(toCsvLine(["\u001b[1m", null, 'say "a, b"', " x"])).toBe(
    '\\u{1b}[1m,,"say ""a, b""",” x"\r\n'.replace("”", '"'),
  );
  expect(toJsonLine({ a: "\u001b\u009b" })).toBe('{"a":"\\u001b\\u009b"}\n');
});

test("columns are aligned by the width of characters in a terminal", () => {
  expect(
    alignRows([
      ["名前", "x"],
      ["a", "y"],
      ["👩‍👩‍👧", "z"],
    ]),
  ).toBe("名前  x\na     y\n👩‍👩‍👧    z\n");
});
