import { type Database, inTransaction, type Query } from "../database.ts";
import { RECORD_IDS_ARRAY } from "../record-ids/chunk-ids.ts";
import { sql } from "../sql.ts";
import { blockOf, hashOf } from "./record-hash.ts";
import { BY_INDEX, newestUnsearchable, type ReadSize, sumBefore } from "./unsearchable.ts";

/** A run is written as soon as there are so many bulk actions, or ids, that are in none. It has about so many. */
const RUN_SIZE: ReadSize = { actions: 2_500, records: 50_000 };

/** The most chunks of a run: `record_blocks.chunks` are numbers of 16 bits. */
const MOST_CHUNKS = 20_000;

/**
 * Writes one run (`record_runs`, `record_blocks`) of the newest ids that are in none, if there are enough for one, and marks the
 * bulk actions all of whose ids are in runs. Returns how many ids it added: 0 if there are too few, or if another process is
 * at it.
 *
 * Nobody waits for it: bulk actions are marked at the end, and one that is locked then is not, so that its ids are added once
 * more.
 */
export async function indexRecords(database: Database, size = RUN_SIZE): Promise<number> {
  return await inTransaction(database, async (query) => {
    await query(BY_INDEX);
    const [lock] = await query<{ taken: boolean }>(sql`
      SELECT pg_try_advisory_xact_lock(hashtext('bulk_actions.record_search')) AS taken
      FROM (SELECT record_count FROM bulk.bulk_actions WHERE NOT is_searchable
            ORDER BY created_at DESC, id DESC LIMIT ${size.actions}) AS newest
      HAVING count(*) >= ${size.actions} OR sum(record_count) >= ${size.records}`);
    if (lock?.taken !== true) return 0;
    const run = await writeRun(query, size);
    if (run === undefined) return 0;
    await markSearchable(query, run.id);
    return run.records;
  });
}

async function writeRun(
  query: Query,
  size: ReadSize,
): Promise<{ readonly id: number; readonly records: number } | undefined> {
  const [run] = await query<{ id: number; records: number }>(sql`
    WITH next AS MATERIALIZED (SELECT COALESCE(max(id), 0) + 1 AS id FROM bulk.record_runs),
    picked AS MATERIALIZED (${newestUnsearchable(size)}),
    numbered AS MATERIALIZED (
      SELECT id, created_at, chunk.position, record_count,
             row_number() OVER (ORDER BY created_at DESC, id DESC, chunk.position) AS ordinal,
             ${sumBefore(sql`record_count`, sql`created_at DESC, id DESC, chunk.position`)} AS records_before
      FROM picked, LATERAL (
        SELECT position, record_count FROM bulk.bulk_action_chunks
        WHERE bulk_action_id = picked.id AND position >= picked.position
        ORDER BY position LIMIT ${MOST_CHUNKS}) AS chunk
    ),
    taken AS MATERIALIZED (
      SELECT * FROM numbered WHERE records_before < ${size.records} AND ordinal <= ${MOST_CHUNKS}
    ),
    blocks AS (
      INSERT INTO bulk.record_blocks (block, run_id, hashes, chunks)
      SELECT ${blockOf(sql`hash`)} AS block, next.id, array_agg(hash), array_agg(ordinal::smallint)
      FROM next, taken JOIN bulk.bulk_action_chunks chunk ON bulk_action_id = taken.id AND chunk.position = taken.position,
           LATERAL (SELECT ${hashOf(sql`id`)} AS hash FROM unnest(${RECORD_IDS_ARRAY}) AS id) AS hashed
      GROUP BY ${blockOf(sql`hash`)}, next.id
      RETURNING cardinality(hashes) AS records
    ),
    run AS (
      INSERT INTO bulk.record_runs (id, newest_at, bulk_action_ids, positions, last_id, last_to)
      SELECT (SELECT id FROM next), max(created_at), array_agg(id ORDER BY ordinal), array_agg(position ORDER BY ordinal),
             (array_agg(id ORDER BY ordinal DESC))[1], (array_agg(position + record_count ORDER BY ordinal DESC))[1]
      FROM taken HAVING count(*) > 0
      RETURNING id
    )
    SELECT id, (SELECT sum(records)::int FROM blocks) AS records FROM run`);
  return run;
}

async function markSearchable(query: Query, runId: number): Promise<void> {
  await query(sql`
    UPDATE bulk.bulk_actions SET is_searchable = true WHERE id IN (
      SELECT bulk_action.id FROM bulk.record_runs run, unnest(bulk_action_ids) AS listed (id)
      JOIN bulk.bulk_actions bulk_action ON bulk_action.id = listed.id
      WHERE run.id = ${runId} AND (listed.id <> last_id OR last_to >= record_count)
      FOR NO KEY UPDATE OF bulk_action SKIP LOCKED)`);
}
