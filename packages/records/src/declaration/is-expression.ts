/** Returns whether a key of `on` is an SQL expression, in parentheses as in CREATE INDEX, and not the name of a column. */
export function isExpression(column: string): boolean {
  return column.startsWith("(") && column.endsWith(")");
}
