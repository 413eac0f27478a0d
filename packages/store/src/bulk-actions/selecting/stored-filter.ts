import { type Queryable, queryDirectly } from "../../database.ts";
import { sql } from "../../sql.ts";

/** Reads the filter that a bulk action was created with, as it was stored; null if it was created with ids, or is gone. */
export async function readStoredFilter(database: Queryable, bulkActionId: string): Promise<unknown> {
  const [row] = await queryDirectly<{ filter: unknown }>(
    database,
    sql`SELECT filter FROM bulk.bulk_actions WHERE id = ${bulkActionId}::uuid`,
  );
  return row?.filter ?? null;
}
