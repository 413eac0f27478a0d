import { isUuid } from "../is-uuid.ts";
import type { IntegerType, KeyType } from "./key-type.ts";

/**
 * Returns the canonical text of a record id of this type, or `undefined` if the value is none. Two ids of one record
 * have the same canonical text:
 * - UUIDs in lower case;
 * - integers in decimal digits without leading zeros, also from a number of JSON that is exact;
 * - texts as they are, compared exactly.
 */
export function readKey(type: KeyType, value: unknown): string | undefined {
  switch (type) {
    case "uuid":
      return isUuid(value) ? value.toLowerCase() : undefined;
    case "smallint":
    case "integer":
    case "bigint":
      return readInteger(type, value);
    case "text":
      return isTextKey(value) ? value : undefined;
  }
}

/** Says what an id of this type is, such as "a UUID", to complete "must be". */
export function describeKey(type: KeyType): string {
  switch (type) {
    case "uuid":
      return "a UUID";
    case "smallint":
    case "integer":
    case "bigint": {
      const [least, most] = RANGES[type];
      const exact = type === "bigint" ? ", as a string if JSON numbers cannot hold it exactly" : "";
      return `a whole number from ${least} to ${most} without leading zeros${exact}`;
    }
    case "text":
      return `a text of 1 to ${MAX_TEXT_LENGTH} characters without U+0000`;
  }
}

/** The most characters (code points) of a text key. */
export const MAX_TEXT_LENGTH = 255;

const RANGES: Readonly<Record<IntegerType, readonly [least: bigint, most: bigint]>> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Nineteen digits hold every `bigint`; longer texts are refused before they are parsed. */
const CANONICAL_INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

function readInteger(type: IntegerType, value: unknown): string | undefined {
  // Beyond the safe integers the JSON parser has rounded: the number may be another record's id.
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string" || !CANONICAL_INTEGER.test(text)) return undefined;
  const [least, most] = RANGES[type];
  const integer = BigInt(text);
  return integer >= least && integer <= most ? text : undefined;
}

function isTextKey(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    hasAtMost(MAX_TEXT_LENGTH, value) &&
    !value.includes("\0") &&
    value.isWellFormed()
  );
}

// A character has one or two code units.
function hasAtMost(most: number, text: string): boolean {
  if (text.length <= most) return true;
  return text.length <= 2 * most && [...text].length <= most;
}
