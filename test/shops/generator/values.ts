import type { Random } from "../../chaos/random.ts";
import type { KeyType } from "../declaration.ts";

/** Draws values of a type, each once, canonical as PostgreSQL prints them. */
export function createValues(random: Random, type: KeyType): { draw(): string } {
  const taken = new Set<string>();
  const odd = type === "text" ? [...random.shuffle(ODD_TEXTS)] : [...(EDGES[type] ?? [])];
  return {
    draw() {
      for (;;) {
        const value = (random.next() < 0.5 ? odd.pop() : undefined) ?? drawValue(random, type);
        if (taken.has(value)) continue;
        taken.add(value);
        return value;
      }
    },
  };
}

function drawValue(random: Random, type: KeyType): string {
  switch (type) {
    case "uuid":
      return random.uuid();
    case "smallint":
      return String(random.integer(-32_768, 32_767));
    case "integer":
      return String(random.integer(1, 2_000_000_000));
    case "bigint":
      return String(random.integer(1, 9_000_000) * 1_000_000_007 * random.pick([1, -1]));
    case "text":
      return `${random.pick(["prod_", "SKU-", "", "x"])}${random.uuid().slice(0, 13)}`;
  }
}

const EDGES: Partial<Record<KeyType, readonly string[]>> = {
  smallint: ["32767", "-32768", "0", "1"],
  integer: ["2147483647", "-2147483648", "0", "1", "-1"],
  bigint: ["9223372036854775807", "-9223372036854775808", "0", "9007199254740993"],
};

const ODD_TEXTS: readonly string[] = [
  ...[
    "a,b",
    'q"uote',
    "apo'strophe",
    "back\\slash",
    "{brace}",
    "[bracket]",
    "[",
    "NULL",
    "null",
    " ",
    " lead",
    "trail ",
  ],
  ...[
    "new\nline",
    "tab\there",
    "cr\rlf",
    "日本",
    "o\u0301",
    "\u00e9",
    "A",
    "a",
    "%",
    "_",
    "$1",
    "1",
    "01",
    "-0",
    "1e3",
  ],
  ...[
    "😀".repeat(255),
    "x".repeat(255),
    "(a)",
    '","',
    '\\"',
    "{}",
    "[]",
    "\u200b",
    "<b>&amp;",
    "../..",
    ";--",
  ],
];
