import type { TestDatabase } from "./test-database.ts";

/** How many records of a bulk action were skipped or failed for which reason. */
export async function countReasons(
  database: TestDatabase,
  bulkActionId: string,
): Promise<Readonly<Record<string, number>>> {
  const rows = await database.query<{ code: string; count: number }>(
    `SELECT code, count(*)::int AS count
     FROM bulk.bulk_action_chunks, unnest(skipped_codes || failed_codes) AS code
     WHERE bulk_action_id = $1 GROUP BY code`,
    [bulkActionId],
  );
  return Object.fromEntries(rows.map(({ code, count }) => [code, count]));
}
