import type { Queryable } from "../../database.ts";

/** Reads the filter that a bulk action was created with, as it was stored; null if it was created with ids, or is gone. */
export async function readStoredFilter(database: Queryable, bulkActionId: string): Promise<unknown> {
  const [row] = await database.$queryRaw<{ filter: unknown }[]>`
    SELECT filter FROM bulk.bulk_actions WHERE id = ${bulkActionId}::uuid`;
  return row?.filter ?? null;
}
