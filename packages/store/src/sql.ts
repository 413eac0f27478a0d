import { Prisma } from "./generated/client.ts";

/** A piece of SQL with its parameters; pieces nest. */
export type Sql = Prisma.Sql;

/** Tagged template that makes a piece of SQL; values become parameters, never text. */
export const sql = Prisma.sql;
