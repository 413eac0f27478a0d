import { type Sql, sql } from "../sql.ts";

/** How many blocks a run has. */
export const BLOCKS = 256;

/**
 * An expression for the hash of an id, of its canonical text: the first 32 bits of its MD5, which is the same in every version of
 * PostgreSQL. About one in four billion other ids has the same, so a search compares the ids as well.
 */
export function hashOf(id: Sql): Sql {
  return sql`('x' || left(md5(${id}), 8))::bit(32)::int`;
}

/** An expression for the block of a hash: its first eight bits. */
export function blockOf(hash: Sql): Sql {
  return sql`((${hash} >> 24) & 255)::smallint`;
}
