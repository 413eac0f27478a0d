import express from "express";
import pg from "pg";

/*
 * The bare handler the API is measured against: parses, checks and inserts the same rows with the same
 * statement, and answers the same object. No token, no log, no queue.
 */

const { DATABASE_URL, PORT, ACCOUNT_ID } = process.env;
const CHUNK_SIZE = 1_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const database = new pg.Pool({ connectionString: DATABASE_URL, max: 10, application_name: "bench bare" });

const app = express();
app.use(express.json({ limit: "64mb" }));
app.post("/v1/bulk_actions", async (request, response) => {
  const { action_type: actionType, record_ids: recordIds } = request.body.bulk_action;
  if (actionType !== "delete_products" || !Array.isArray(recordIds) || !recordIds.every(isUuid)) {
    response.sendStatus(422);
    return;
  }
  const row = await insert(actionType, recordIds);
  response.json({ ...row, object: "bulk_action", record_ids: recordIds, skipped_record_ids: [] });
});
app.listen(Number(PORT), "127.0.0.1", () => console.log("bare api is listening"));

async function insert(actionType: string, recordIds: readonly string[]): Promise<object> {
  const { rows } = await database.query({
    name: "insert",
    text: `
      WITH bulk_action AS (
        INSERT INTO bulk_actions (account_id, action_type, record_count) VALUES ($1, $2, $3) RETURNING *
      ),
      submitted AS MATERIALIZED (SELECT $4::uuid[] AS ids),
      chunks AS (
        INSERT INTO bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
        SELECT bulk_action.id, position, slice, cardinality(slice)
        FROM bulk_action, submitted, generate_series(0, $3 - 1, ${CHUNK_SIZE}) AS position,
             LATERAL (SELECT submitted.ids[position + 1 : position + ${CHUNK_SIZE}] AS slice) AS sliced
      )
      SELECT id, action_type, status, created_at, updated_at FROM bulk_action`,
    values: [ACCOUNT_ID, actionType, recordIds.length, `{${recordIds.join(",")}}`],
  });
  return rows[0];
}

function isUuid(value: unknown): boolean {
  return typeof value === "string" && UUID.test(value);
}
