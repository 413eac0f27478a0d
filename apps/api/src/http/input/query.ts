import { RequestError } from "@bulk/domain/errors/request-error";
import { z } from "zod";
import { type Parameter, parseParameters } from "./parameters.ts";
import { fault } from "./validate.ts";

/** The parameters that may be repeated, of all endpoints. */
export const LIST_PARAMETERS: ReadonlySet<string> = new Set(["ids", "expand", "status", "outcome"]);

/** The parameters whose value may be a list separated by commas. */
export const COMMA_LISTS: ReadonlySet<string> = new Set(["fields"]);

/**
 * Returns the parameters of a query as an object. `ids[]=A&ids[]=B`, `ids[0]=A&ids[1]=B`, `ids=A` and `fields=A,B`
 * become lists. Of any other parameter the first value is used; an empty value counts as absent.
 */
export function readQuery(query: Iterable<Parameter>): Readonly<Record<string, string | readonly string[]>> {
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();
  for (const [spelling, value] of query) {
    const name = stripIndex(spelling);
    const items = splitList(name, value);
    if (items !== undefined)
      lists
        .set(name, lists.get(name) ?? [])
        .get(name)
        ?.push(...items);
    else if (value !== "" && !values.has(name)) values.set(spelling, value);
  }
  // Without a prototype, so that a caller's parameter cannot be confused with an inherited property.
  return Object.assign(Object.create(null), Object.fromEntries(values), Object.fromEntries(lists));
}

// Only the name of a list may be spelled with brackets.
function nameParameter(spelling: string): string {
  const name = stripIndex(spelling);
  return LIST_PARAMETERS.has(name) || COMMA_LISTS.has(name) ? name : spelling;
}

/** Returns the names of parameters that are not among these, each once, also of those without a value. */
export function findUnknownParameters(
  query: Iterable<Parameter>,
  known: ReadonlySet<string>,
): readonly string[] {
  const names = new Set(Array.from(query, ([spelling]) => nameParameter(spelling)));
  return [...names].filter((name) => !known.has(name));
}

function stripIndex(spelling: string): string {
  return spelling.replace(/\[\d*\]$/, "");
}

function splitList(name: string, value: string): readonly string[] | undefined {
  if (COMMA_LISTS.has(name) && value !== "") return value.split(",");
  return LIST_PARAMETERS.has(name) ? [value] : undefined;
}

/** More parameters than fit into the headers of a request with ids. */
const MOST_PARAMETERS = 2_000;

/** Returns the query parameters of a request target. Throws `malformed` for more than 2,000. */
export function parseQuery(target: string): readonly Parameter[] {
  const start = target.indexOf("?");
  const parameters = start < 0 ? [] : parseParameters(target.slice(start + 1), MOST_PARAMETERS);
  if (parameters !== undefined) return parameters;
  const message = `The query has more than ${MOST_PARAMETERS} parameters.`;
  throw new RequestError("malformed", "request.malformed", message);
}

/** The query of a paginated list. */
export const pageQuery = z.object({
  limit: numberParameter(1, 100, 20).meta({ description: "Maximum number of objects per page." }),
  page: numberParameter(1, 1_000_000, 1).meta({ description: "The page number, from 1." }),
});

/** The query of a list that also has cursors: larger pages, and `after` in place of `page`. */
export const cursorQuery = z
  .object({
    limit: numberParameter(1, 1_000, 20).meta({ description: "Maximum number of objects per page." }),
    page: wholeNumber(1, 1_000_000)
      .optional()
      .meta({
        // No default: a form that fills in defaults would send it together with a cursor.
        override: { type: "integer", minimum: 1, maximum: 1_000_000 },
        description: "The page number, from 1; default 1. Cannot be combined with `after`.",
      }),
    after: z.string().optional().meta({
      description: "The `next_cursor` of the previous page. Returns the objects after that page.",
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

/** Returns the schema of an optional time in a query, in whole Unix seconds. */
export function momentParameter(description: string) {
  return wholeNumber(0, LATEST_SECONDS)
    .transform((seconds) => new Date(seconds * 1000))
    .optional()
    .meta({ override: { type: "integer", minimum: 0, maximum: LATEST_SECONDS }, description });
}

/** The year 2286: the largest value with ten digits. A time in milliseconds, sent by mistake, is greater. */
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
