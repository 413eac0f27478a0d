import type { Queryable } from "../database.ts";

/**
 * Empties the partitions of kept rows of which no bulk action can be restored any more. Returns how many. Throws SQLSTATE
 * 55P03 if one of them is in use for a second; the next call tries again.
 */
export async function dropExpiredRows(database: Queryable): Promise<number> {
  const [row] = await database.$queryRaw<{ count: number }[]>`SELECT bulk.drop_expired_rows() AS count`;
  return row?.count ?? 0;
}
