import { escapeCell } from "./escape-text.ts";

/** Returns a line of CSV (RFC 4180). Control characters are escaped. */
export function toCsvLine(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(toField).join(",")}\r\n`;
}

function toField(value: string | number | boolean | null): string {
  const text = escapeCell(String(value ?? ""));
  return /[",]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
