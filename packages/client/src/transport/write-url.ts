/** A value of a query or a path. */
export type Parameter = string | number | boolean | readonly string[] | undefined;

/** Fills the path of an operation, such as `/v1/bulk_actions/{id}`, and adds its query. */
export function writeUrl(
  base: string,
  template: string,
  path: Readonly<Record<string, Parameter>> = {},
  query: Readonly<Record<string, Parameter>> = {},
): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => writePathValue(path[name]));
  const search = Object.entries(query).flatMap(([name, value]) => writePairs(name, value));
  return `${base}${filled}${search.length === 0 ? "" : `?${search.join("&")}`}`;
}

// An id of `.` or `..` would lead to another path, and an empty one to the list.
function writePathValue(value: Parameter): string {
  const text = String(value ?? "");
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`${JSON.stringify(text)} is no id.`);
  return encodeURIComponent(text);
}

// `ids[]` is repeated; other lists are separated by commas.
function writePairs(name: string, value: Parameter): readonly string[] {
  if (value === undefined) return [];
  if (!isList(value)) return [writePair(name, String(value))];
  return name.endsWith("[]")
    ? value.map((item) => writePair(name, item))
    : [writePair(name, value.join(","))];
}

function isList(value: Parameter): value is readonly string[] {
  return Array.isArray(value);
}

function writePair(name: string, value: string): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}
