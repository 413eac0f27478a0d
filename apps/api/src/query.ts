import { z } from "zod";
import { fault } from "./validate.ts";

/** The parameters of all endpoints that may come several times. */
export const LIST_PARAMETERS: ReadonlySet<string> = new Set(["ids"]);

/**
 * A query string as an object: `ids[]=A&ids[]=B`, `ids[0]=A&ids[1]=B` and `ids=A` become a list, of any
 * other parameter the first one counts, and an empty one counts as absent.
 */
export function readQuery(query: URLSearchParams): Readonly<Record<string, string | readonly string[]>> {
  const values = new Map<string, string | string[]>();
  for (const [spelling, value] of query) {
    const name = spelling.replace(/\[\d*\]$/, "");
    if (LIST_PARAMETERS.has(name)) values.set(name, [...(values.get(name) ?? []), value]);
    else if (value !== "" && !values.has(name)) values.set(spelling, value);
  }
  // Without a prototype, so that no name of the caller's means anything but a parameter.
  return Object.assign(Object.create(null), Object.fromEntries(values));
}

/** A whole number between two bounds in a query string. */
export function numberParameter(least: number, most: number, byDefault: number) {
  return z
    .string()
    .transform((text, context) => {
      const value = Number(text);
      if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
      const message = `must be a whole number from ${least} to ${most}`;
      context.addIssue(fault("inclusion", message, { minimum: least, maximum: most }));
      return z.NEVER;
    })
    .default(byDefault)
    .meta({ override: { type: "integer", minimum: least, maximum: most, default: byDefault } });
}
