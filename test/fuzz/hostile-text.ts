import fc from "fast-check";

/** Text of the kind that finds holes: names of prototypes, broken or odd Unicode, numbers, injections, long ones. */
export const hostileText: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom(
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "hasOwnProperty",
      "length",
      "valueOf",
    ),
    fc.constantFrom("0", "-1", "1e3", "NaN", "Infinity", "9007199254740993", "1.5", "0x10", "١٢", " 1", "1 "),
    fc.constantFrom(
      "null",
      "undefined",
      "true",
      "[]",
      "{}",
      "[object Object]",
      "';--",
      "$1",
      "#{1}",
      "<script>",
    ),
    fc.constantFrom(
      "\0",
      "a\0b",
      "\r\nx: y",
      "\u2028",
      "\u202e",
      "\ufeff",
      "ﬁ",
      "İ",
      "👩‍👩‍👧",
      "\ufffd",
      "\ud800",
    ),
    fc.uuid().map((id) => id.toUpperCase()),
    fc.string({ unit: "binary", maxLength: 20 }),
    repeated("é", 2_000),
  )
  .map((text) => text.toWellFormed());

/** The same text up to so many times. */
export function repeated(text: string, most: number): fc.Arbitrary<string> {
  return fc.nat({ max: most }).map((count) => text.repeat(count));
}
