import type { TestDatabase } from "./test-database.ts";

const CHUNK_SIZE = 1_000;

/** Writes a bulk action that has ended: of every thousand ids a hundred were skipped and one failed. */
export async function writeEndedAction(
  database: Pick<TestDatabase, "query">,
  accountId: string,
  recordCount: number,
): Promise<string> {
  const [bulkAction] = await database.query<{ id: string }>(
    `INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, status, started_at, finished_at)
     VALUES ($1, 'delete_products', $2, 'completed', now(), now()) RETURNING id`,
    [accountId, recordCount],
  );
  if (bulkAction === undefined) throw new Error("INSERT INTO bulk.bulk_actions returned no row.");
  await database.query(
    `INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, done_count, finished_at,
       deleted_count, skipped_count, failed_count, skipped_ids, skipped_codes, failed_ids, failed_codes)
     SELECT $1, position, ids, ${CHUNK_SIZE}, ${CHUNK_SIZE}, now(), ${CHUNK_SIZE} - 101, 100, 1,
            ids[1:100], array_fill('record.in_use'::text, ARRAY[100]), ids[101:101], '{record.locked}'
     FROM generate_series(0, $2::int - 1, ${CHUNK_SIZE}) AS position,
          LATERAL (SELECT array_agg(gen_random_uuid()) AS ids
                   FROM generate_series(position, position + ${CHUNK_SIZE} - 1)) AS generated`,
    [bulkAction.id, recordCount],
  );
  return bulkAction.id;
}
