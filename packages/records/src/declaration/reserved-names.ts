/** Names of tables and of related rows that stand for something else in a declaration or in its statement. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "record",
  "related",
  "claimed",
  "chunk",
  "chunk_records",
  "changed",
  "applied",
  "effected",
  "notified",
  "skipped",
  "left_over",
]);
