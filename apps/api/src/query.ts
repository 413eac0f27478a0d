import { RequestError } from "@bulk/domain/request-error";
import { z } from "zod";
import { type Parameter, parseParameters } from "./parameters.ts";
import { fault } from "./validate.ts";

/** The parameters of all endpoints that may come several times. */
export const LIST_PARAMETERS: ReadonlySet<string> = new Set(["ids", "expand", "status", "outcome"]);

/** Those whose values are separated by commas as well. */
export const COMMA_LISTS: ReadonlySet<string> = new Set(["fields"]);

/**
 * A query string as an object: `ids[]=A&ids[]=B`, `ids[0]=A&ids[1]=B` and `ids=A` become a list, and so does
 * `fields=A,B`; of any other parameter the first one counts, and an empty one counts as absent.
 */
export function readQuery(query: Iterable<Parameter>): Readonly<Record<string, string | readonly string[]>> {
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();
  for (const [spelling, value] of query) {
    const name = spelling.replace(/\[\d*\]$/, "");
    const items = splitList(name, value);
    if (items !== undefined)
      lists
        .set(name, lists.get(name) ?? [])
        .get(name)
        ?.push(...items);
    else if (value !== "" && !values.has(name)) values.set(spelling, value);
  }
  // Without a prototype, so that no name of the caller's means anything but a parameter.
  return Object.assign(Object.create(null), Object.fromEntries(values), Object.fromEntries(lists));
}

function splitList(name: string, value: string): readonly string[] | undefined {
  if (COMMA_LISTS.has(name) && value !== "") return value.split(",");
  return LIST_PARAMETERS.has(name) ? [value] : undefined;
}

/** More than the ids that fit into the headers of a request. */
const MOST_PARAMETERS = 2_000;

/** The parameters of a request target. Throws `malformed` for more than 2,000 of them. */
export function parseQuery(target: string): readonly Parameter[] {
  const start = target.indexOf("?");
  const parameters = start < 0 ? [] : parseParameters(target.slice(start + 1), MOST_PARAMETERS);
  if (parameters !== undefined) return parameters;
  const message = `The query has more than ${MOST_PARAMETERS} parameters.`;
  throw new RequestError("malformed", "request.malformed", message);
}

/** The query of every list that is answered in pages. */
export const pageQuery = z.object({
  limit: numberParameter(1, 100, 20).meta({ description: "How many on a page." }),
  page: numberParameter(1, 1_000_000, 1).meta({ description: "Counts from 1." }),
});

/** The same of a list that can be read by cursor as well: larger pages, and `after` in place of `page`. */
export const cursorQuery = z
  .object({
    limit: numberParameter(1, 1_000, 20).meta({ description: "How many on a page." }),
    page: wholeNumber(1, 1_000_000)
      .optional()
      .meta({
        // No default: a page that fills defaults in would send it together with a cursor.
        override: { type: "integer", minimum: 1, maximum: 1_000_000 },
        description: "Counts from 1, and is 1 without it. Not together with `after`.",
      }),
    after: z.string().optional().meta({
      description: "The `next_cursor` of the page before: answers what follows.",
    }),
  })
  .superRefine(({ page, after }, context) => {
    if (page === undefined || after === undefined) return;
    context.addIssue({ ...fault("invalid", "cannot be combined with after"), path: ["page"] });
  });

function numberParameter(least: number, most: number, byDefault: number) {
  return wholeNumber(least, most)
    .default(byDefault)
    .meta({ override: { type: "integer", minimum: least, maximum: most, default: byDefault } });
}

/** A moment in a query string, in whole Unix seconds. */
export function momentParameter(description: string) {
  return wholeNumber(0, LATEST_SECONDS)
    .transform((seconds) => new Date(seconds * 1000))
    .optional()
    .meta({ override: { type: "integer", minimum: 0, maximum: LATEST_SECONDS }, description });
}

/** In the year 2286; ten digits. A moment in milliseconds, sent by mistake, is greater. */
const LATEST_SECONDS = 9_999_999_999;

function wholeNumber(least: number, most: number) {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value;
    const message = `must be a whole number from ${least} to ${most}`;
    context.addIssue(fault("inclusion", message, { minimum: least, maximum: most }));
    return z.NEVER;
  });
}
