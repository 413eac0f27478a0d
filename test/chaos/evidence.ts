import type pg from "pg";
import { distinct, type FinalAnswer, type RecordedRun, type Submission } from "./recorded-run.ts";

/**
 * Lays out, as temporary tables, what the checks compare:
 * `accepted`, `unanswered`, `cancel` (what clients sent), `answer` (the list at the end), `kept` (what the database
 * kept of each action, chunks put together), `skip`, `failure`, and `outcome` (one row for each id).
 */
export async function prepareEvidence(client: pg.ClientBase, run: RecordedRun): Promise<void> {
  // Anti-joins over all ids would otherwise not fit and take hours.
  await client.query("SET work_mem = '256MB'");
  await client.query(TABLES);
  for (const action of run.accepted) await insertSubmission(client, "accepted", action, action.id);
  for (const submission of run.unanswered) await insertSubmission(client, "unanswered", submission, null);
  for (const { id, answeredAt } of run.cancels) {
    await client.query("INSERT INTO cancel VALUES ($1, $2)", [id, answeredAt]);
  }
  for (const answer of run.finalAnswers) await insertAnswer(client, answer);
  await client.query(KEPT);
  await client.query(OUTCOMES);
}

async function insertSubmission(
  client: pg.ClientBase,
  table: "accepted" | "unanswered",
  { accountId, actionType, recordIds }: Submission,
  id: string | null,
): Promise<void> {
  await client.query(`INSERT INTO ${table} VALUES ($1, $2, $3, $4::text::uuid[])`, [
    ...[id, accountId, actionType],
    arrayLiteral(distinct(recordIds)),
  ]);
}

async function insertAnswer(client: pg.ClientBase, answer: FinalAnswer): Promise<void> {
  await client.query("INSERT INTO answer VALUES ($1, $2, $3, $4::text::uuid[], $5::text::uuid[])", [
    ...[answer.id, answer.actionType, answer.status],
    ...[arrayLiteral(answer.recordIds), arrayLiteral(answer.skippedIds)],
  ]);
}

// One text: an array parameter would be escaped element by element.
function arrayLiteral(ids: readonly string[]): string {
  return `{${ids.join(",")}}`;
}

const TABLES = `
  DROP TABLE IF EXISTS pg_temp.accepted, pg_temp.unanswered, pg_temp.cancel, pg_temp.answer, pg_temp.kept,
    pg_temp.skip, pg_temp.failure, pg_temp.outcome;
  CREATE TEMP TABLE accepted (id uuid, account_id uuid, action_type text, record_ids uuid[]);
  CREATE TEMP TABLE unanswered (id uuid, account_id uuid, action_type text, record_ids uuid[]);
  CREATE TEMP TABLE cancel (id uuid, answered_at timestamptz);
  CREATE TEMP TABLE answer (
    id uuid, action_type text, status text, record_ids uuid[], skipped_ids uuid[]);`;

const KEPT = `
  CREATE TEMP TABLE kept AS
    SELECT action.id, action.account_id, action.action_type, action.status, action.record_count,
      action.cancel_requested_at IS NOT NULL AS is_canceled,
      COALESCE((SELECT array_agg(id ORDER BY chunk.position, ordinal)
        FROM bulk_action_chunks chunk, unnest(chunk.record_ids) WITH ORDINALITY AS ids (id, ordinal)
        WHERE chunk.bulk_action_id = action.id), '{}') AS record_ids,
      COALESCE((SELECT array_agg(id ORDER BY chunk.position, ordinal)
        FROM bulk_action_chunks chunk, unnest(chunk.skipped_ids) WITH ORDINALITY AS ids (id, ordinal)
        WHERE chunk.bulk_action_id = action.id), '{}') AS skipped_ids
    FROM bulk_actions action`;

const OUTCOMES = `
  CREATE TEMP TABLE skip AS
    SELECT bulk_action_id, position, id, code
    FROM bulk_action_chunks, unnest(skipped_ids, skipped_codes) AS skipped (id, code);
  CREATE TEMP TABLE failure AS
    SELECT bulk_action_id, position, id, code
    FROM bulk_action_chunks, unnest(failed_ids, failed_codes) AS failed (id, code);
  ANALYZE skip; ANALYZE failure;
  CREATE TEMP TABLE outcome AS
    SELECT chunk.bulk_action_id, chunk.position, ordinal::int, record_id, account_id, action_type,
      CASE WHEN ordinal > chunk.done_count THEN 'none'
           WHEN skip.id IS NOT NULL THEN 'skipped'
           WHEN failure.id IS NOT NULL THEN 'failed' ELSE 'deleted' END AS kind,
      skip.code AS skip_code
    FROM bulk_action_chunks chunk
    JOIN bulk_actions action ON action.id = chunk.bulk_action_id
    CROSS JOIN LATERAL unnest(chunk.record_ids) WITH ORDINALITY AS ids (record_id, ordinal)
    LEFT JOIN skip ON skip.bulk_action_id = chunk.bulk_action_id AND skip.position = chunk.position
      AND skip.id = record_id
    LEFT JOIN failure ON failure.bulk_action_id = chunk.bulk_action_id
      AND failure.position = chunk.position AND failure.id = record_id;
  CREATE INDEX ON outcome (record_id);
  CREATE INDEX ON outcome (bulk_action_id, position);
  ANALYZE outcome;
  ANALYZE chaos.deletions; ANALYZE chaos.chunk_writes; ANALYZE chaos.records_before;
  ANALYZE products; ANALYZE customers; ANALYZE line_items;`;
