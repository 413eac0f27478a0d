import fc from "fast-check";
import { expect, test } from "vitest";
import { parseParameters } from "./parameters.ts";

const text = fc.oneof(
  fc.stringMatching(/^[a&=+%0-9fFc3Z[\]]{0,40}$/),
  fc.array(fc.webQueryParameters(), { maxLength: 3 }).map((parts) => parts.join("&")),
  fc.string({ unit: "binary", maxLength: 30 }).map((part) => part.toWellFormed()),
);

test("parameters are read as the platform reads them", () => {
  fc.assert(
    fc.property(text, (form) => {
      // Only a whole URL's query may begin with a question mark that counts for nothing.
      fc.pre(!form.startsWith("?"));
      expect(parseParameters(form, 1_000)).toEqual([...new URLSearchParams(form)]);
    }),
    { numRuns: 2_000 },
  );
});

test("a text with more parameters than allowed is not taken apart", () => {
  expect(parseParameters("a&b=1&c", 3)).toHaveLength(3);
  expect(parseParameters("a&b=1&c&", 3)).toBeUndefined();
});

// Node's own parser needs minutes for this.
test("names without a value take no longer than others", { timeout: 60_000 }, () => {
  expect(parseParameters("a&".repeat(2_000_000), 3_000_000)).toHaveLength(2_000_000);
});
