import stringWidth from "string-width";
import { escapeCell } from "./escape-text.ts";

/** Aligns rows by the width that a terminal gives their characters. Control characters are escaped. */
export function alignRows(rows: readonly (readonly string[])[], least: readonly number[] = []): string {
  const escaped = rows.map((row) => row.map(escapeCell));
  const widths = widthsOf(escaped, least);
  return escaped.map((row) => `${alignRow(row, widths)}\n`).join("");
}

/** Returns the width of each column. */
export function widthsOf(
  rows: readonly (readonly string[])[],
  least: readonly number[] = [],
): readonly number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, stringWidth(row[column] ?? "")), least[column] ?? 0),
  );
}

function alignRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell)));
  return cells.join("  ").trimEnd();
}
