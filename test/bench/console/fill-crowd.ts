import { openForSeed } from "@bulk/local/fill-shop";
import { indexRecords } from "@bulk/store/search/index-records";
import type { BenchEngines } from "../engines.ts";

/** Some places among very many bulk actions. */
export type Crowd = {
  /** The id of the bulk action with very many chunks. */
  readonly large: string;
  /** A time in the middle of all. */
  readonly middle: string;
  readonly accountName: string;
  /** A record of a bulk action in the middle. */
  readonly recordId: string;
};

const ACCOUNTS = 1_000;

const IDS_PER_CHUNK = 1_000;

/** Writes bulk actions of a thousand accounts, one every two seconds, and one of many chunks that is at work, with its index. */
export async function fillCrowd(
  { database, databaseUrl }: BenchEngines,
  { actions, chunks }: { readonly actions: number; readonly chunks: number },
): Promise<Crowd> {
  await database.query("TRUNCATE bulk.bulk_actions, bulk.kept_rows CASCADE");
  await database.query(
    "INSERT INTO bulk.accounts (name) SELECT 'crowd ' || n FROM generate_series(1, $1) AS n ON CONFLICT DO NOTHING",
    [ACCOUNTS],
  );
  await database.query(ACTIONS, [actions]);
  await database.query(CHUNKS);
  const { rows } = await database.query<{ id: string }>(LARGE, [chunks * IDS_PER_CHUNK]);
  const large = rows[0]?.id ?? "";
  await database.query(LARGE_CHUNKS, [large, chunks, IDS_PER_CHUNK]);
  await indexAll(databaseUrl);
  await database.query("VACUUM ANALYZE");
  await database.query("CHECKPOINT");
  const [middle] = (
    await database.query<{ created_at: Date; record_id: string }>(
      `SELECT created_at, record_ids[1] AS record_id
       FROM bulk.bulk_actions JOIN bulk.bulk_action_chunks ON bulk_action_id = id
       WHERE id <> $1 ORDER BY created_at LIMIT 1 OFFSET $2`,
      [large, Math.floor(actions / 2)],
    )
  ).rows;
  return {
    ...{ large, accountName: "crowd 7", recordId: middle?.record_id ?? "" },
    middle: middle?.created_at.toISOString() ?? "",
  };
}

// As workers do, without their rests.
async function indexAll(databaseUrl: string): Promise<void> {
  const database = openForSeed(databaseUrl);
  try {
    while ((await indexRecords(database)) > 0);
  } finally {
    await database.$disconnect();
  }
}

const ACTIONS = `
  INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count, created_at, started_at, finished_at,
                                 updated_at)
  SELECT accounts.ids[1 + n % 1000], CASE WHEN n % 3 = 0 THEN 'delete_customers' ELSE 'delete_products' END,
         CASE WHEN n <= 20 THEN 'processing' WHEN n % 10 = 0 THEN 'completed' ELSE 'succeeded' END, 3,
         moment, moment + interval '1 second', CASE WHEN n > 20 THEN moment + interval '2 seconds' END, moment
  FROM (SELECT array_agg(id) AS ids FROM (SELECT id FROM bulk.accounts WHERE name LIKE 'crowd %' LIMIT 1000) AS one)
         AS accounts,
       generate_series(1, $1::int) AS n, LATERAL (SELECT now() - n * interval '2 seconds' AS moment) AS at`;

const CHUNKS = `
  INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, done_count, finished_at,
                                       progressed_at, deleted_count, skipped_count, skipped_ids, skipped_codes)
  SELECT id, 0, ids, 3, CASE WHEN finished_at IS NULL THEN 0 ELSE 3 END, finished_at, finished_at,
         CASE WHEN finished_at IS NULL THEN 0 WHEN status = 'completed' THEN 2 ELSE 3 END,
         (status = 'completed')::int,
         CASE WHEN status = 'completed' THEN ARRAY[ids[1]::text] ELSE '{}' END,
         CASE WHEN status = 'completed' THEN ARRAY['record.in_use'] ELSE '{}' END
  FROM bulk.bulk_actions,
       LATERAL (SELECT ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()] AS ids WHERE record_count = 3) AS made`;

const LARGE = `
  INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count, created_at, started_at)
  SELECT id, 'delete_products', 'processing', $1, now() - interval '1 hour', now() - interval '1 hour'
  FROM bulk.accounts WHERE name = 'crowd 7' RETURNING id`;

// Half of it is done. A tenth of that is skipped, for two reasons.
const LARGE_CHUNKS = `
  INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, done_count, finished_at,
                                       progressed_at, deleted_count, skipped_count, skipped_ids, skipped_codes)
  SELECT $1, n * $3::int, ids, $3, CASE WHEN is_done THEN $3 ELSE 0 END, moment, moment,
         CASE WHEN is_done THEN $3 - $3 / 10 ELSE 0 END, CASE WHEN is_done THEN $3 / 10 ELSE 0 END,
         CASE WHEN is_done THEN ids[1:$3 / 10]::text[] ELSE '{}' END,
         CASE WHEN is_done THEN array_fill('record.in_use'::text, ARRAY[$3 / 20]) ||
                                array_fill('record.not_found'::text, ARRAY[$3 / 20]) ELSE '{}' END
  FROM generate_series(0, $2::int - 1) AS n,
       LATERAL (SELECT array_agg(gen_random_uuid()) AS ids FROM generate_series(1, $3::int + n - n)) AS made,
       LATERAL (SELECT n < $2 / 2 AS is_done,
                       CASE WHEN n < $2 / 2 THEN now() - ($2 - n) * interval '100 milliseconds' END AS moment) AS done`;
