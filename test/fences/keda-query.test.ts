import { afterAll, beforeAll, expect, test } from "vitest";
import { readAt } from "../support/hold-all.ts";
import { readManifests } from "../support/manifests.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let database: TestDatabase;
const query = readAt<string>(
  readManifests(),
  "ScaledObject bulk-actions-worker.spec.triggers.0.metadata.query",
);

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query("INSERT INTO bulk.accounts (name) VALUES ('shop')");
});

afterAll(() => database.dispose());

test("the scaler counts the turns that could be under way: WINDOW of a large bulk action, one of a small one", async () => {
  expect(await countTurns()).toBe(0);
  await addActions({ status: "processing", actions: 1, chunks: 50 });
  expect(await countTurns()).toBe(4);
  await addActions({ status: "pending", actions: 3, chunks: 1 });
  expect(await countTurns()).toBe(7);
  await addActions({ status: "succeeded", actions: 3, chunks: 2, chunksFinishedAt: "now()" });
  await addActions({ status: "processing", actions: 1, chunks: 2, chunksFinishedAt: "now()" });
  await addActions({ status: "processing", actions: 1, chunks: 2, cancelRequestedAt: "now()" });
  expect(await countTurns()).toBe(7);
});

test("the scaler reads indexes alone, however much has ended", async () => {
  await addActions({ status: "succeeded", actions: 5_000, chunks: 2, chunksFinishedAt: "now()" });
  await database.query("VACUUM ANALYZE bulk.bulk_actions, bulk.bulk_action_chunks");
  const rows = await database.query<{ "QUERY PLAN": string }>(`EXPLAIN ${query}`);
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("using bulk_actions_open on bulk_actions");
  expect(plan).toContain("using bulk_action_chunks_unfinished on bulk_action_chunks");
  expect(plan).not.toContain("Seq Scan");
});

async function countTurns(): Promise<number> {
  const [row] = await database.query<{ count: string }>(query);
  return Number(row?.count);
}

type Actions = {
  readonly status: string;
  readonly actions: number;
  /** Of each. */
  readonly chunks: number;
  readonly chunksFinishedAt?: string;
  readonly cancelRequestedAt?: string;
};

async function addActions(of: Actions): Promise<void> {
  const { status, actions, chunks, chunksFinishedAt = "NULL", cancelRequestedAt = "NULL" } = of;
  await database.query(
    `WITH added AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, status, cancel_requested_at)
       SELECT id, 'delete_products', $2, $1, ${cancelRequestedAt} FROM bulk.accounts, generate_series(1, $3)
       RETURNING id)
     INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, finished_at)
     SELECT id, position, ARRAY[gen_random_uuid()], 1, ${chunksFinishedAt}
     FROM added, generate_series(0, $2 - 1) AS position`,
    [status, chunks, actions],
  );
}
