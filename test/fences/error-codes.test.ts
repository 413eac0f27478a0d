import { describeErrors } from "@bulk/api/reference/describe-errors";
import { expect, test } from "vitest";
import { readText } from "../support/repository.ts";

test("docs/errors.md has the table of every code, as the API's description has it", () => {
  expect(readTable(readText("docs/errors.md"))).toEqual(readTable(describeErrors()));
});

test("a row that is missing or worded otherwise is noticed", () => {
  const document = describeErrors();
  expect(readTable(document.replace("No", "Not"))).not.toEqual(readTable(document));
  expect(readTable(document).length).toBeGreaterThan(30);
});

/** The rows of the table that begins with `status`, whatever the width of its columns. */
function readTable(markdown: string): readonly string[] {
  const rows = markdown.split("\n").filter((line) => /^\| (status|\d{3}) /.test(line));
  return rows.map((row) => row.replaceAll(/ +/g, " "));
}
