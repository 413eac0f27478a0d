import express from "express";
import pg from "pg";
import { contestants } from "./peers/contestants.ts";
import type { PeerJob } from "./peers/peer.ts";

/*
 * The bare handler that the API is measured against, and that accepts for the peers: parses, checks and
 * inserts the same rows with the same statement, and answers the same object. No token, no log.
 * `bare-api.ts [contestant]`; without a contestant nothing is enqueued.
 */

const { DATABASE_URL = "", REDIS_URL = "", PORT, ACCOUNT_ID } = process.env;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const contestant = contestants[process.argv[2] ?? ""];
const recordsPerChunk = contestant?.recordsPerJob ?? 1_000;
const producer = await contestant?.peer.openProducer({ databaseUrl: DATABASE_URL, redisUrl: REDIS_URL });
const database = new pg.Pool({ connectionString: DATABASE_URL, max: 10, application_name: "bench bare" });

const app = express();
app.use(express.json({ limit: "128mb" }));
app.post("/v1/bulk_actions", async (request, response) => {
  const { action_type: actionType, record_ids: recordIds } = request.body.bulk_action;
  if (actionType !== "delete_products" || !Array.isArray(recordIds) || !recordIds.every(isUuid)) {
    response.sendStatus(422);
    return;
  }
  const chunkSize = Math.min(recordsPerChunk, recordIds.length);
  const row = await insert(actionType, recordIds, chunkSize);
  await producer?.addJobs(listJobs(row.id, recordIds.length, chunkSize));
  response.json({ ...row, object: "bulk_action", record_ids: recordIds, skipped_record_ids: [] });
});
app.listen(Number(PORT), "127.0.0.1", () => console.log("bare api is listening"));

type Row = { readonly id: string };

async function insert(actionType: string, recordIds: readonly string[], chunkSize: number): Promise<Row> {
  const { rows } = await database.query<Row>({
    name: "insert",
    text: `
      WITH bulk_action AS (
        INSERT INTO bulk.bulk_actions (account_id, action_type, record_count) VALUES ($1, $2, $3) RETURNING *
      ),
      submitted AS MATERIALIZED (SELECT $4::uuid[] AS ids),
      chunks AS (
        INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
        SELECT bulk_action.id, position, slice, cardinality(slice)
        FROM bulk_action, submitted, generate_series(0, $3 - 1, $5::int) AS position,
             LATERAL (SELECT submitted.ids[position + 1 : position + $5::int] AS slice) AS sliced
      )
      SELECT id, action_type, status, created_at, updated_at FROM bulk_action`,
    values: [ACCOUNT_ID, actionType, recordIds.length, `{${recordIds.join(",")}}`, chunkSize],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("INSERT INTO bulk.bulk_actions returned no row.");
  return row;
}

function listJobs(bulkActionId: string, recordCount: number, chunkSize: number): readonly PeerJob[] {
  const count = Math.ceil(recordCount / chunkSize);
  return Array.from({ length: count }, (_, index) => ({ bulkActionId, position: index * chunkSize }));
}

function isUuid(value: unknown): boolean {
  return typeof value === "string" && UUID.test(value);
}
