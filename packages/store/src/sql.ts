import { Prisma } from "./generated/client.ts";

/** A piece of SQL with its parameters; pieces nest. */
export type Sql = Prisma.Sql;

/** Tagged template that makes a piece of SQL; values become parameters, never text. */
export const sql = Prisma.sql;

/**
 * An array as one text parameter, to be cast (`::uuid[]`); for values whose text needs no quotes, such as ids and
 * statuses.
 */
export function textArray(values: Iterable<string>): string {
  return `{${[...values].join(",")}}`;
}
