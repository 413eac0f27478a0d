import fc from "fast-check";

/** The key types that ids are read and stored as in different ways. */
export const KEY_TYPES = ["uuid", "bigint", "text"] as const;

export type KeyedType = (typeof KEY_TYPES)[number];

/** Texts that a quoted field, a list, a pattern or a template could take for something else. */
export const ODD_TEXTS = [
  ...["a,b", '"', '""', "'", "\\", "\\\\n", "{}", "{a,b}", '{"a"}', "[", "[]", '["a"]', "NULL", "null"],
  ...["\n", "\r\n", "a\nb", "\t", " ", "  a ", "\u0001", "\u007f", "\u2028", "\u00a0", "\ufeff", "\u202e"],
  ...[
    "語",
    "Ελλάδα",
    "é",
    "e\u0301",
    "İ",
    "ﬁ",
    "👩‍👩‍👧",
    "\u{10ffff}",
    "%00",
    "%",
    "_",
    "$1",
    "#{a}",
    "<script>",
  ],
  ...[
    "=1+1",
    "--",
    ";",
    "0",
    "00",
    "1",
    "-1",
    "1e3",
    "True",
    "a b",
    "'; DROP TABLE x; --",
    "\\x00",
    "x".repeat(255),
  ],
  ...["👍".repeat(255), "01234567-89AB-CDEF-0123-456789ABCDEF", "record 1", "/", "?a=b&c", "<!--", "]]>"],
] as const;

const BIGINTS = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n].map(String);

const ONE_ID: Readonly<Record<KeyedType, fc.Arbitrary<string>>> = {
  uuid: fc.uuid(),
  bigint: fc.oneof(
    fc.constantFrom(...BIGINTS),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    fc.nat(50).map(String),
  ),
  text: fc.oneof(
    fc.constantFrom(...ODD_TEXTS),
    fc
      .string({ unit: "binary", minLength: 1, maxLength: 12 })
      .map((text) => text.toWellFormed().replaceAll("\0", "0")),
    fc
      .array(fc.constantFrom(",", '"', "\\", "\n", "\r", "[", "{", "a"), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join("")),
  ),
};

/** Some distinct ids of this type. */
export function oddIds(type: KeyedType, most: number): fc.Arbitrary<readonly string[]> {
  return fc.uniqueArray(ONE_ID[type], { minLength: 1, maxLength: most });
}
