/** Shows a caller's value in an error message: recognisable, and never long. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value !== "object" || value === null) return String(value);
  // Its text is left out: it may be nested too deeply to be written.
  return Array.isArray(value) ? "an array" : "an object";
}
