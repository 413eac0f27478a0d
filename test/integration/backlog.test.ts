import { queueEngine } from "@bulk/queue/engines/engine";
import { openTurnQueue, type TurnQueue } from "@bulk/queue/turns/turn-queue";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { TestDatabase } from "../support/test-database.ts";
import { openTestService } from "../support/test-service.ts";

const OPEN_ACTIONS = 10_000;

test("beside ten thousand open bulk actions and one slow worker the sweeper adds no turn, and order stays fair", async () => {
  await using service = await openTestService();
  const { accountId } = await service.fillShop({});
  const queue = openTurnQueue({
    engine: queueEngine({ DATABASE_URL: service.database.url, REDIS_URL: service.redis?.url }),
    deadlineMs: 60_000,
    onError: () => undefined,
  });
  try {
    const ids = await openActions(service.database, accountId, queue);
    expect(await queue.native.getPrioritizedCount()).toBe(OPEN_ACTIONS);

    // A turn that outlasts its time passes its lane on, which is one more job: no turn here takes as long as that.
    await service.startWorker({ WORKER_CONCURRENCY: "1", SWEEP_INTERVAL_MS: "100", TURN_MS: "5000" });
    await eventually(async () => {
      expect(await queue.native.getCompletedCount()).toBeGreaterThan(500);
    }, 50_000);

    // The sweeper has looked many times by now. Had it taken one that waits for a lost one, it would show.
    const generations = await service.database.query("SELECT DISTINCT generation FROM bulk.bulk_actions");
    expect(generations).toEqual([{ generation: 1 }]);
    const counts = await queue.native.getJobCounts("prioritized", "active", "delayed", "completed", "failed");
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(OPEN_ACTIONS);
    // First in, first out.
    const ended = await service.database.query<{ id: string }>(
      "SELECT id FROM bulk.bulk_actions WHERE finished_at IS NOT NULL",
    );
    const first = new Set(ids.slice(0, ended.length + 1));
    expect(ended.filter(({ id }) => !first.has(id))).toEqual([]);
  } finally {
    await queue.close();
  }
});

// Each of one unknown id, a second apart, with its one turn in the queue: as if submitted one after another.
async function openActions(
  database: TestDatabase,
  accountId: string,
  queue: TurnQueue,
): Promise<readonly string[]> {
  const rows = await database.query<{ id: string; created_at: Date }>(
    `WITH opened AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, created_at, updated_at)
       SELECT $1, 'delete_products', 1, time, time
       FROM generate_series(1, $2::int) AS n, LATERAL (SELECT now() - make_interval(secs => $2 - n) AS time) AS clock
       RETURNING id, created_at),
     chunks AS (
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, not_before)
       SELECT id, 0, ARRAY[gen_random_uuid()], 1, created_at FROM opened)
     SELECT id, created_at FROM opened ORDER BY created_at`,
    [accountId, OPEN_ACTIONS],
  );
  // Turns that go on: the sweeper learns nothing from opening ones, and would have no occasion to err.
  const turn = { actionType: "delete_products", generation: 1, lane: 1, turn: 2, delayMs: 0 };
  for (let start = 0; start < rows.length; start += 1_000) {
    const slice = rows.slice(start, start + 1_000);
    await queue.addTurns(
      slice.map(({ id, created_at }) => ({ ...turn, bulkActionId: id, enqueuedAt: created_at })),
    );
  }
  return rows.map((row) => row.id);
}
