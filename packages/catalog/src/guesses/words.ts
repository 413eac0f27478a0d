/** Returns a name in snake_case: `OrderLine` becomes `order_line`. Other letters than a to z are left out. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "");
}

/** Returns the singular of the last word: `order_lines` becomes `order_line`. */
export function toSingular(words: string): string {
  if (/(?:news|series|species)$/.test(words) || /(?:ss|us|is)$/.test(words)) return words;
  if (/[^aeiou]ies$/.test(words)) return words.replace(/ies$/, "y");
  if (/(?:ss|sh|ch|x|us)es$/.test(words)) return words.replace(/es$/, "");
  return words.replace(/s$/, "");
}

/** Returns the plural of the last word: `category` becomes `categories`. */
export function toPlural(words: string): string {
  if (/(?:news|series|species)$/.test(words)) return words;
  if (/[^aeiou]y$/.test(words)) return words.replace(/y$/, "ies");
  return /(?:s|sh|ch|x)$/.test(words) ? `${words}es` : `${words}s`;
}

/** Whether a table holds orders or money by its name: rows of it must never go along unnoticed. */
export function looksLikeMoney(table: string): boolean {
  const words = toSnakeCase(table);
  return (
    /(?:^|_)(?:order|payment|invoice|transaction|refund|ledger|shipment)/.test(words) ||
    /(?:^|_)line_?item/.test(words)
  );
}
