import type pg from "pg";
import type { ChaosHost } from "./hosts/chaos-host.ts";
import { distinct, type FinalAnswer, type RecordedRun, type Submission } from "./recorded-run.ts";

/**
 * Lays out, as temporary tables, what the checks compare:
 * `accepted`, `unanswered`, `request` (of a restore), `cancel` (what clients sent), `answer` (the list at the end), `kept` (what the database
 * kept of each action, chunks put together), `skip`, `failure`, `outcome` (one row for each id), `present` (the records in
 * the shop) and `line` (what must have kept a product from being deleted).
 */
export async function prepareEvidence(
  client: pg.ClientBase,
  run: RecordedRun,
  host: ChaosHost,
): Promise<void> {
  // Anti-joins over all ids would otherwise not fit and take hours.
  await client.query("SET work_mem = '256MB'");
  await client.query(TABLES);
  for (const action of run.accepted) await insertSubmission(client, "accepted", action, action.id);
  for (const submission of run.unanswered) await insertSubmission(client, "unanswered", submission, null);
  for (const { id, parentId, accountId, recordIds } of run.restores) {
    const ids = recordIds === undefined ? null : JSON.stringify(distinct(recordIds));
    await client.query(
      `INSERT INTO request VALUES ($1, $2, $3, CASE WHEN $4::text IS NOT NULL THEN ${list("$4")} END)`,
      [id, parentId, accountId, ids],
    );
  }
  for (const { id, answeredAt } of run.cancels) {
    await client.query("INSERT INTO cancel VALUES ($1, $2)", [id, answeredAt]);
  }
  for (const answer of run.finalAnswers) await insertAnswer(client, answer);
  await client.query(KEPT);
  await client.query(OUTCOMES);
  await client.query(PRESENT);
  await client.query(
    `CREATE TEMP TABLE line AS ${host.enforcesLines ? ALL_LINES : LINES_BEFORE}; ANALYZE line`,
  );
}

const ALL_LINES = "SELECT id, record_id FROM chaos.lines UNION SELECT id, record_id FROM chaos.lines_before";

// Where only the service looks, a line may come after it has looked.
const LINES_BEFORE = "SELECT id, record_id FROM chaos.lines_before";

async function insertSubmission(
  client: pg.ClientBase,
  table: "accepted" | "unanswered",
  { accountId, actionType, recordIds }: Submission,
  id: string | null,
): Promise<void> {
  await client.query(`INSERT INTO ${table} VALUES ($1, $2, $3, ${list("$4")})`, [
    ...[id, accountId, actionType],
    JSON.stringify(distinct(recordIds)),
  ]);
}

async function insertAnswer(client: pg.ClientBase, answer: FinalAnswer): Promise<void> {
  await client.query(`INSERT INTO answer VALUES ($1, $2, $3, ${list("$4")}, ${list("$5")})`, [
    ...[answer.id, answer.actionType, answer.status],
    ...[JSON.stringify(answer.recordIds), JSON.stringify(answer.skippedIds)],
  ]);
}

// One text: an array parameter would be escaped element by element.
function list(place: string): string {
  return `ARRAY(SELECT json_array_elements_text(${place}::json))`;
}

const TABLES = `
  DROP TABLE IF EXISTS pg_temp.accepted, pg_temp.unanswered, pg_temp.request, pg_temp.cancel, pg_temp.answer, pg_temp.kept,
    pg_temp.skip, pg_temp.failure, pg_temp.outcome, pg_temp.present, pg_temp.line;
  CREATE TEMP TABLE accepted (id uuid, account_id uuid, action_type text, record_ids text[]);
  CREATE TEMP TABLE unanswered (id uuid, account_id uuid, action_type text, record_ids text[]);
  CREATE TEMP TABLE request (id uuid, parent_id uuid, account_id uuid, record_ids text[]);
  CREATE TEMP TABLE cancel (id uuid, answered_at timestamptz);
  CREATE TEMP TABLE answer (
    id uuid, action_type text, status text, record_ids text[], skipped_ids text[]);`;

/** Of keys that are no uuid the chunks keep texts. */
const IDS = "COALESCE(chunk.text_ids, chunk.record_ids::text[])";

const KEPT = `
  CREATE TEMP TABLE kept AS
    SELECT action.id, action.account_id, action.action_type, action.status, action.record_count,
      action.restore_of_id, action.created_at,
      action.cancel_requested_at IS NOT NULL AS is_canceled,
      COALESCE((SELECT array_agg(id ORDER BY chunk.position, ordinal)
        FROM bulk.bulk_action_chunks chunk, unnest(${IDS}) WITH ORDINALITY AS ids (id, ordinal)
        WHERE chunk.bulk_action_id = action.id), '{}') AS record_ids,
      COALESCE((SELECT array_agg(id ORDER BY chunk.position, ordinal)
        FROM bulk.bulk_action_chunks chunk, unnest(chunk.skipped_ids::text[]) WITH ORDINALITY AS ids (id, ordinal)
        WHERE chunk.bulk_action_id = action.id), '{}') AS skipped_ids
    FROM bulk.bulk_actions action`;

const OUTCOMES = `
  CREATE TEMP TABLE skip AS
    SELECT bulk_action_id, position, id, code
    FROM bulk.bulk_action_chunks, unnest(skipped_ids::text[], skipped_codes) AS skipped (id, code);
  CREATE TEMP TABLE failure AS
    SELECT bulk_action_id, position, id, code
    FROM bulk.bulk_action_chunks, unnest(failed_ids::text[], failed_codes) AS failed (id, code);
  ANALYZE skip; ANALYZE failure;
  CREATE TEMP TABLE outcome AS
    SELECT chunk.bulk_action_id, chunk.position, ordinal::int, record_id, account_id, action_type,
      CASE WHEN ordinal > chunk.done_count THEN 'none'
           WHEN skip.id IS NOT NULL THEN 'skipped'
           WHEN failure.id IS NOT NULL THEN 'failed'
           WHEN restore_of_id IS NOT NULL THEN 'restored' ELSE 'deleted' END AS kind,
      skip.code AS skip_code
    FROM bulk.bulk_action_chunks chunk
    JOIN bulk.bulk_actions action ON action.id = chunk.bulk_action_id
    CROSS JOIN LATERAL unnest(${IDS}) WITH ORDINALITY AS ids (record_id, ordinal)
    LEFT JOIN skip ON skip.bulk_action_id = chunk.bulk_action_id AND skip.position = chunk.position
      AND skip.id = record_id
    LEFT JOIN failure ON failure.bulk_action_id = chunk.bulk_action_id
      AND failure.position = chunk.position AND failure.id = record_id;
  CREATE INDEX ON outcome (record_id);
  CREATE INDEX ON outcome (bulk_action_id, position);
  ANALYZE outcome;
  ANALYZE chaos.deletions; ANALYZE chaos.chunk_writes; ANALYZE chaos.records_before;`;

const PRESENT = `
  CREATE TEMP TABLE present AS SELECT action_type, record_id, account_id FROM chaos.present;
  CREATE INDEX ON present (record_id);
  ANALYZE present;`;
