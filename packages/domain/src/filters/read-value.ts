import { describeKey, readKey } from "../keys/read-key.ts";
import type { FilterType } from "./filter.ts";

type ValueType = Exclude<FilterType, "boolean">;

/** Returns the canonical text of a value that a column of this type can be compared with exactly, or `undefined`. */
export function readValue(type: ValueType, value: unknown): string | undefined {
  switch (type) {
    case "uuid":
    case "smallint":
    case "integer":
    case "bigint":
      return readKey(type, value);
    case "text":
      return isText(value) ? value : undefined;
    case "numeric":
      return readNumeric(value);
    case "date":
      return isDate(value) ? value : undefined;
    case "timestamp":
      return isTimestamp(value) ? value : undefined;
    case "timestamptz":
      return isInstant(value) ? value : undefined;
  }
}

/** Says what a value of this type is, to complete "must be". */
export function describeValue(type: ValueType): string {
  switch (type) {
    case "uuid":
    case "smallint":
    case "integer":
    case "bigint":
      return describeKey(type);
    case "text":
      return `a text of at most ${MOST_TEXT_UNITS} UTF-16 code units without U+0000`;
    case "numeric":
      return `a decimal number such as "12.50" as a string, of at most ${MOST_DIGITS} digits on each side of the point, or a whole JSON number`;
    case "date":
      return "a date such as 2022-01-31";
    case "timestamp":
      return "a date and time without time zone such as 2022-01-31T12:00:00, with at most six digits of a second";
    case "timestamptz":
      return "a date and time with time zone such as 2022-01-31T12:00:00Z, with at most six digits of a second";
  }
}

/** The most UTF-16 code units of a text. */
export const MOST_TEXT_UNITS = 1_000;

function isText(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length <= MOST_TEXT_UNITS &&
    !value.includes("\0") &&
    value.isWellFormed()
  );
}

const MOST_DIGITS = 40;

const NUMERIC = new RegExp(`^-?\\d{1,${MOST_DIGITS}}(?:\\.\\d{1,${MOST_DIGITS}})?$`);

// A JSON number with a fraction has been rounded to binary: it may be another value than the caller wrote.
function readNumeric(value: unknown): string | undefined {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === "string" && NUMERIC.test(text) ? text : undefined;
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

// The database has no year 0, and refuses days that a month does not have.
function isDate(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const [, year, month, day] = (DATE.exec(value) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined || year === 0) return false;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Microseconds, as the database keeps them: it would round more digits. */
const CLOCK = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?`;

const TIMESTAMP = new RegExp(`^([^T]*)T${CLOCK}$`);

/** The database knows displacements below 16 hours. */
const INSTANT = new RegExp(String.raw`^([^T]*)T${CLOCK}(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d)$`);

function isTimestamp(value: unknown): value is string {
  return typeof value === "string" && isDate(TIMESTAMP.exec(value)?.[1]);
}

function isInstant(value: unknown): value is string {
  return typeof value === "string" && isDate(INSTANT.exec(value)?.[1]);
}
