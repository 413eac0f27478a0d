import { expect, test } from "vitest";
import { backUp } from "../support/database-backup.ts";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { loseAllTurns, openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const HASTY = { SWEEP_INTERVAL_MS: "100" };
/** Waits for a lock as long as a test holds it. */
const PATIENT = { LOCK_TIMEOUT_MS: "60000", STATEMENT_TIMEOUT_MS: "120000" };

test("a database that goes back to a backup makes its open bulk actions end, whatever the queue still knows", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "10" });
  const { token, productIds, inUseProductIds } = await service.fillShop({ products: 140, inUse: 5 });
  const later = productIds.slice(-20);
  const submitted = productIds.slice(0, -20);
  // Five chunks can be finished; each lane then waits in one of the other seven, however fast the machine is.
  await using lock = await lockRows(
    service.database,
    "products",
    submitted.filter((_, n) => n >= 50 && n % 10 === 0),
  );
  const { id } = await service.submit(token, "delete_products", submitted);
  const first = await service.startWorker({ ...HASTY, ...PATIENT, TURN_MS: "1" });
  await eventually(() => expectUnderway(service, id));
  const stopped = first.stop();
  await lock.release();
  await stopped;
  const backup = await backUp(service.database);
  // What comes after the backup: the lanes are started again under the next generation, whose turns stay in
  // the queue as completed, and somebody submits a bulk action whose turns are still waiting.
  await loseAllTurns(service);
  // Of a turn that wrote no outcome no job would stay, so each lane has a chunk before any of them can go on.
  const lanes = Math.min(4, await countOpenChunks(service, id));
  await using again = await lockRows(service.database, "products", submitted);
  // With long turns it takes seconds of silence until the sweeper starts the lanes once more: each generation that
  // comes about here is one to get past in the end.
  const second = await service.startWorker({ ...HASTY, ...PATIENT, TURN_MS: "2000" });
  await eventually(() => expectLanesWaiting(service, lanes));
  await again.release();
  expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
  await second.stop();
  expect(await countFirstTurns(service, id, 2)).toBe(lanes);
  const forgotten = await service.submit(token, "delete_products", later);
  await expectWaiting(service, forgotten.id);

  await backup.restore();
  expect(await service.retrieve(token, id)).toMatchObject({ status: "processing" });
  await service.startWorker(HASTY);

  expect(await service.finished(token, id, 120_000)).toMatchObject({
    status: "completed",
    skipped_record_ids: inUseProductIds,
  });
  expect(await listProducts(service)).toEqual(new Set([...inUseProductIds, ...later]));
  // The second generation's turns were in the queue already, so it ignored them; the third's were new to it.
  expect(await readGeneration(service, id)).toBeGreaterThan(2);
  expect(await countOutcomes(service, id)).toEqual({ deleted: 115, skipped: 5, failed: 0 });
  expect((await service.request(token, `/v1/bulk_actions/${forgotten.id}`)).status).toBe(404);
  await expectEndedQuietly(service, forgotten.id);
});

test("a queue that goes back to a backup does nothing a second time", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "10" });
  const { token, productIds } = await service.fillShop({ products: 40, inUse: 2 });
  const { id } = await service.submit(token, "delete_products", productIds);
  await using queue = openQueue(service);
  const old = await eventually(async () => {
    const jobs = await queue.native.getJobs(["waiting", "prioritized"]);
    expect(jobs).toHaveLength(4);
    return jobs.map(({ data }) => ({ ...data, actionType: "delete_products" }));
  });
  const worker = await service.startWorker(HASTY);
  await service.finished(token, id);
  await worker.stop();
  const before = await readEverything(service);

  await queue.native.obliterate({ force: true });
  await queue.addTurns(old.map((turn) => ({ ...turn, enqueuedAt: new Date(), delayMs: 0 })));
  expect(await queue.native.getJobs(["waiting", "prioritized"])).toHaveLength(4);
  await service.startWorker(HASTY);

  await expectEndedQuietly(service, id);
  expect(await readEverything(service)).toEqual(before);
});

function openQueue(service: TestService) {
  const queue = openServiceQueue(service);
  return { ...queue, [Symbol.asyncDispose]: () => queue.close() };
}

async function expectUnderway({ database }: TestService, id: string): Promise<void> {
  const rows = await database.query(
    "SELECT FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 AND finished_at IS NOT NULL",
    [id],
  );
  expect(rows.length).toBe(5);
}

async function countOpenChunks({ database }: TestService, id: string): Promise<number> {
  const open = "SELECT FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 AND finished_at IS NULL";
  return (await database.query(open, [id])).length;
}

async function expectWaiting(service: TestService, id: string): Promise<void> {
  await using queue = openQueue(service);
  await eventually(async () => {
    const jobs = await queue.native.getJobs(["waiting", "prioritized"]);
    expect(jobs.map(({ data }) => data.bulkActionId)).toEqual([id, id]);
  });
}

/** So many statements of workers wait for a lock of somebody else. */
async function expectLanesWaiting({ database }: TestService, count: number): Promise<void> {
  const waiting = await database.query(
    `SELECT FROM pg_stat_activity waiting
     WHERE datname = current_database() AND application_name = 'bulk-actions-worker'
       AND EXISTS (SELECT FROM pg_stat_activity holder
         WHERE holder.pid = ANY (pg_blocking_pids(waiting.pid)) AND holder.application_name <> 'bulk-actions-worker')`,
  );
  expect(waiting).toHaveLength(count);
}

/** How many first turns of this generation the queue still knows. */
async function countFirstTurns(service: TestService, id: string, generation: number): Promise<number> {
  await using queue = openQueue(service);
  const jobs = await queue.native.getJobs(["completed"]);
  return jobs.filter(
    ({ data }) => data.bulkActionId === id && data.generation === generation && data.turn === 1,
  ).length;
}

/** Every turn of it has ended; none failed or did anything, or the queue would still have its job. */
async function expectEndedQuietly(service: TestService, id: string): Promise<void> {
  await using queue = openQueue(service);
  await eventually(async () => {
    const jobs = await queue.native.getJobs();
    expect(jobs.filter(({ data }) => data.bulkActionId === id)).toEqual([]);
  });
}

async function listProducts({ database }: TestService): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ id: string }>("SELECT id FROM products");
  return new Set(rows.map((row) => row.id));
}

async function readGeneration({ database }: TestService, id: string): Promise<number | undefined> {
  const [row] = await database.query<{ generation: number }>(
    "SELECT generation FROM bulk.bulk_actions WHERE id = $1",
    [id],
  );
  return row?.generation;
}

async function countOutcomes({ database }: TestService, id: string) {
  const [counts] = await database.query(
    `SELECT sum(deleted_count)::int AS deleted, sum(skipped_count)::int AS skipped, sum(failed_count)::int AS failed
     FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1`,
    [id],
  );
  return counts;
}

async function readEverything({ database }: TestService): Promise<readonly unknown[]> {
  return [
    await database.query("SELECT * FROM bulk.bulk_actions"),
    await database.query("SELECT * FROM bulk.bulk_action_chunks ORDER BY position"),
    await database.query("SELECT id FROM products ORDER BY id"),
  ];
}
