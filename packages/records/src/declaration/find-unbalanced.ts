/**
 * Returns why a text cannot stand in parentheses as one SQL expression, or `undefined` if it can. An expression that
 * closes a parenthesis it did not open would end the condition around it, and with it the isolation of accounts.
 * PostgreSQL checks everything else (docs/decisions/042).
 */
export function findUnbalanced(expression: string): string | undefined {
  if (expression.trim() === "") return "must be an SQL expression";
  if (expression.includes("\0")) return "must not contain U+0000";
  let depth = 0;
  for (const [token] of expression.matchAll(TOKENS)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (REFUSED[token] !== undefined) return REFUSED[token];
    if (depth < 0) return "closes a parenthesis that it does not open";
  }
  return depth > 0 ? "opens a parenthesis that it does not close" : undefined;
}

// Strings and quoted names are one token each; one that does not end leaves its quote as a token.
const TOKENS = /(?<!\w)[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--|\/\*|[();'"$]/g;

const REFUSED: Readonly<Record<string, string>> = {
  "--": "must not contain a comment (--)",
  "/*": "must not contain a comment (/*)",
  ";": "must be one expression, without a semicolon",
  "'": "opens a string that it does not close",
  '"': "opens a quoted name that it does not close",
  $: "must not contain a dollar sign outside of strings: parameters and dollar quotes are not supported",
};
