/** Aligns rows: each column is as wide as its widest cell. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Formats a moment in UTC, to the second; `-` for null. */
export function showMoment(moment: Date | null): string {
  return moment === null
    ? "-"
    : moment
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, "Z");
}
