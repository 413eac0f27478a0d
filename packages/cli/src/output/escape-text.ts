/**
 * Replaces the characters that a terminal would act upon, and those that change the direction of text, by their names
 * (`\u{1b}`). For everything that comes from elsewhere: ids may be any text.
 */
export function escapeText(text: string): string {
  return text.replaceAll(DANGEROUS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

// Line feeds are those of our own lines: in cells there are none.
const DANGEROUS = /(?!\n)[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Returns the text for one cell or line. */
export function escapeCell(text: string): string {
  return escapeText(text).replaceAll("\n", "\\n");
}
