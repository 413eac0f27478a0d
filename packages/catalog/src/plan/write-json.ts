/** The longest line of an object or array that is written in one line. */
const MOST_CHARACTERS = 110;

/** Formats JSON for people: what fits in a line is in one. */
export function writeJson(value: unknown, margin = ""): string {
  const line = inOneLine(value);
  if (margin.length + line.length <= MOST_CHARACTERS && depthOf(value) < 3) return line;
  if (typeof value !== "object" || value === null) return line;
  const inner = `${margin}  `;
  const isArray = Array.isArray(value);
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${inner}${isArray ? "" : `${JSON.stringify(key)}: `}${writeJson(part, inner)}`);
  const [open, close] = isArray ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${margin}${close}`;
}

function inOneLine(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(", ")}]`;
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${JSON.stringify(key)}: ${inOneLine(part)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
