import { Prisma } from "./generated/client.ts";
import { quoteIdentifier } from "./quote-identifier.ts";

/** A piece of SQL with its parameters. Pieces nest. */
export type Sql = Prisma.Sql;

/** Tagged template for a piece of SQL. Values become parameters, never text. */
export const sql = Prisma.sql;

/**
 * Writes an array as one text parameter, to be cast (`::uuid[]`). For values whose text needs no quotes, such as ids
 * and statuses.
 */
export function textArray(values: Iterable<string>): string {
  return `{${[...values].join(",")}}`;
}

/** Names a table or a column of the database, quoted, whatever its spelling: `"public"."product"`. */
export function identifier(...names: readonly string[]): Sql {
  return Prisma.raw(names.map(quoteIdentifier).join("."));
}

/** SQL of the operator, such as a condition. Never for values, nor for anything that a caller sends. */
export function written(text: string): Sql {
  return Prisma.raw(text);
}

/**
 * A comment for statements of which there may be very many: they are not prepared, so that they do not take the places of
 * those that are sent all the time. The planner then sees their values.
 */
export const PLANNED_EACH_TIME = Prisma.raw("/* planned each time */");

/** Joins pieces of SQL; nothing if there are none. */
export function joinSql(pieces: readonly Sql[], separator: string): Sql {
  return pieces.length === 0 ? Prisma.empty : Prisma.join(pieces, separator);
}
