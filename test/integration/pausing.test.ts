import type { OperatorScope } from "@bulk/store/operations/pause-scope";
import { listPausesOf, pause, resume } from "@bulk/store/operations/pauses";
import { readSwitches } from "@bulk/store/operations/switches";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { loseAllTurns, openServiceQueue } from "../support/service-queue.ts";
import { expectSleepers } from "../support/sleepers.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const ALL: OperatorScope = { kind: "all" };

describe("a pause", () => {
  test("is kept by whoever comes: nothing begins before the last of two is taken back, whatever is lost meanwhile", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "10", SWEEP_INTERVAL_MS: "100" });
    await using switches = openSwitches(service);
    const { token, productIds, accountId } = await service.fillShop({ products: 100 });
    await switches.pause(ALL);
    await switches.pause({ kind: "account", accountId });
    const worker = await service.startWorker();
    const first = await service.submit(token, "delete_products", productIds.slice(0, 50));
    await expectLanesEnded(service, [first.id]);
    await worker.stop();
    const second = await service.submit(token, "delete_products", productIds.slice(50));
    await loseAllTurns(service);
    await service.startWorker();

    await switches.resume(ALL);
    await expectSweep(service);

    expect(await readAction(service, first.id)).toEqual({ status: "pending", generation: 2, done: 0 });
    expect(await readAction(service, second.id)).toEqual({ status: "pending", generation: 1, done: 0 });
    await switches.resume({ kind: "account", accountId });
    for (const { id } of [first, second]) await service.finished(token, id);
    // One pause has ended one generation, however many lanes met it.
    expect(await readAction(service, first.id)).toEqual({ status: "succeeded", generation: 3, done: 50 });
    expect(await readAction(service, second.id)).toEqual({ status: "succeeded", generation: 2, done: 50 });
  });

  test("lets the running chunk commit, begins none after it, and a cancel still ends what it holds", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "10", WINDOW: "2", SWEEP_INTERVAL_MS: "100" });
    await using switches = openSwitches(service);
    const { token, productIds } = await service.fillShop({ products: 200 });
    await slowDown(service.database, "STATEMENT", 2);
    await service.startWorker({ TURN_MS: "5000" });
    const { id } = await service.submit(token, "delete_products", productIds);
    await expectSleepers(service.database, 2);

    await switches.pause({ kind: "action_type", actionType: "delete_products" });
    await expectEndings(service, ["nothing_left", "paused"]);
    await expectSweep(service);

    expect(await readAction(service, id)).toEqual({ status: "processing", generation: 2, done: 20 });
    const canceled = await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    expect(canceled.status).toBe(200);
    // The sweeper may hold a chunk's lock at this moment; then the cancel leaves the end to it.
    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await readAction(service, id)).toMatchObject({ status: "completed", done: 20 });
  });

  test("holds what it names and nothing else", async () => {
    await using service = await openTestService();
    await using switches = openSwitches(service);
    const one = await service.fillShop({ products: 2, customers: 1 }, "one");
    const other = await service.fillShop({ products: 1 }, "other");
    const third = await service.fillShop({ products: 1, customers: 1 }, "third");
    const productsOfThird: OperatorScope = {
      kind: "account_action_type",
      accountId: third.accountId,
      actionType: "delete_products",
    };
    await switches.pause({ kind: "account", accountId: other.accountId });
    await switches.pause({ kind: "action_type", actionType: "delete_customers" });
    await switches.pause(productsOfThird);
    await service.startWorker();

    const held = await service.submit(other.token, "delete_products", other.productIds);
    const alsoHeld = await service.submit(one.token, "delete_customers", one.customerIds);
    const heldInThird = await service.submit(third.token, "delete_products", third.productIds);
    const free = await service.submit(one.token, "delete_products", one.productIds);

    expect(await service.finished(one.token, free.id)).toMatchObject({ status: "succeeded" });
    await expectLanesEnded(service, [held.id, alsoHeld.id, heldInThird.id]);
    expect(await service.retrieve(other.token, held.id)).toMatchObject({ status: "pending" });
    expect(await service.retrieve(one.token, alsoHeld.id)).toMatchObject({ status: "pending" });
    expect((await readSwitches(switches.database)).pauses).toMatchObject([
      { scope: { kind: "account", accountId: other.accountId }, accountName: "other", pausedBy: "test" },
      {
        scope: { kind: "action_type", actionType: "delete_customers" },
        accountName: null,
        reason: "why not",
      },
      { scope: productsOfThird, accountName: "third" },
    ]);
    expect(await service.retrieve(third.token, heldInThird.id)).toMatchObject({ status: "pending" });
    expect(await switches.resume({ kind: "action_type", actionType: "delete_customers" })).toBe(true);
    const customers = await service.submit(third.token, "delete_customers", third.customerIds);
    expect(await service.finished(third.token, customers.id)).toMatchObject({ status: "succeeded" });
    expect(await service.retrieve(third.token, heldInThird.id)).toMatchObject({ status: "pending" });
    expect(await switches.resume(productsOfThird)).toBe(true);
    await service.finished(third.token, heldInThird.id);
  });

  test("of one bulk action holds no other of the same account and type", async () => {
    await using service = await openTestService({ SWEEP_INTERVAL_MS: "100" });
    await using switches = openSwitches(service);
    const { token, productIds, accountId } = await service.fillShop({ products: 4 });
    const [held, free] = await Promise.all(
      [productIds.slice(0, 2), productIds.slice(2)].map((ids) =>
        service.submit(token, "delete_products", ids),
      ),
    );
    const scope = pauseOf(accountId, String(held?.id));
    expect(await switches.pause(scope)).toBe(true);
    await service.startWorker();

    expect(await service.finished(token, String(free?.id))).toMatchObject({ status: "succeeded" });
    await expectLanesEnded(service, [String(held?.id)]);
    expect((await readSwitches(switches.database)).pauses).toMatchObject([{ scope, accountName: "test" }]);
    expect(await listPausesOf(switches.database, String(held?.id))).toMatchObject([{ scope }]);
    expect(await listPausesOf(switches.database, String(free?.id))).toEqual([]);
    await expectSweep(service);
    expect(await readAction(service, String(held?.id))).toMatchObject({ status: "pending", done: 0 });

    expect(await switches.resume(scope)).toBe(true);
    expect(await service.finished(token, String(held?.id))).toMatchObject({ status: "succeeded" });
  });

  test("of one bulk action ends with it: no list has it, the sweeper deletes it, and its retry runs", async () => {
    await using service = await openTestService();
    await using switches = openSwitches(service);
    const { token, productIds, accountId } = await service.fillShop({ products: 2 });
    const { id } = await service.submit(token, "delete_products", productIds);
    const scope = pauseOf(accountId, id);
    await switches.pause(scope);
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    expect(await readAction(service, id)).toMatchObject({ status: "completed", done: 0 });
    expect((await readSwitches(switches.database)).pauses).toEqual([]);
    expect(await service.database.query("SELECT FROM bulk.pauses")).toHaveLength(1);

    await service.startWorker({ SWEEP_INTERVAL_MS: "100" });
    await eventually(async () => expect(await service.database.query("SELECT FROM bulk.pauses")).toEqual([]));
    expect(await switches.pause(scope)).toBe(false);
    const retry = await service.request(token, `/v1/bulk_actions/${id}/retry`, { method: "POST" });
    const retried = (await retry.json()) as { id: string };
    expect(await service.finished(token, retried.id)).toMatchObject({ status: "succeeded" });
  });

  test("of a bulk action that another account has, or that is of another type, cannot be set", async () => {
    await using service = await openTestService();
    await using switches = openSwitches(service);
    const own = await service.fillShop({ products: 1 }, "own");
    const other = await service.fillShop({}, "other");
    const { id } = await service.submit(own.token, "delete_products", own.productIds);
    expect(await switches.pause(pauseOf(other.accountId, id))).toBe(false);
    const wrongType = { ...pauseOf(own.accountId, id), actionType: "delete_customers" };
    expect(await switches.pause(wrongType)).toBe(false);
    expect((await readSwitches(switches.database)).pauses).toEqual([]);
  });

  test("is obeyed within about a second by a worker that is busy", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "1", TURN_MS: "5000" });
    await using switches = openSwitches(service);
    const { token, productIds } = await service.fillShop({ products: 10_000 });
    await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => expect((await readAction(service, id))?.done).toBeGreaterThan(0));

    await switches.pause(ALL);
    const [paused] = await service.database.query<{ at: Date }>("SELECT paused_at AS at FROM bulk.pauses");
    await expectEndings(service, ["nothing_left", "nothing_left", "nothing_left", "paused"]);

    const [last] = await service.database.query<{ at: Date; done: number }>(
      "SELECT max(progressed_at) AS at, sum(done_count)::int AS done FROM bulk.bulk_action_chunks",
    );
    expect(last?.done).toBeLessThan(10_000);
    expect(Number(last?.at) - Number(paused?.at)).toBeLessThan(2_000);
  });
});

function pauseOf(accountId: string, bulkActionId: string) {
  return { kind: "bulk_action", accountId, actionType: "delete_products", bulkActionId } as const;
}

function openSwitches(service: TestService) {
  const opened = openServiceDatabase(service.database.url);
  return {
    ...opened,
    pause: (scope: OperatorScope) => pause(opened.database, scope, { reason: "why not", pausedBy: "test" }),
    resume: (scope: OperatorScope) => resume(opened.database, scope),
  };
}

/** Waits until a pause has ended the lanes of these bulk actions, and the queue has no turn that is to run. */
async function expectLanesEnded(service: TestService, ids: readonly string[]): Promise<void> {
  const queue = openServiceQueue(service);
  try {
    await eventually(async () => {
      for (const id of ids) expect(await readAction(service, id)).toMatchObject({ generation: 2, done: 0 });
      const open = ["waiting", "prioritized", "delayed", "active"] as const;
      expect(await queue.native.getJobs([...open])).toEqual([]);
    });
  } finally {
    await queue.close();
  }
}

/** Waits until turns that wrote outcomes have ended, in these ways. Of others the queue keeps no job. */
async function expectEndings(service: TestService, endings: readonly string[]): Promise<void> {
  const queue = openServiceQueue(service);
  try {
    await eventually(async () => {
      const jobs = await queue.native.getCompleted();
      expect(jobs.map((job) => job.returnvalue?.ending).sort()).toEqual(endings);
    });
  } finally {
    await queue.close();
  }
}

/**
 * Makes every open bulk action look as if it had been quiet for an hour, and waits until the sweeper has found the
 * lanes of one more to be lost: had it taken another for lost, that would have happened with it.
 */
async function expectSweep({ database, fillShop }: TestService): Promise<void> {
  const { accountId } = await fillShop({}, "swept");
  const [lost] = await database.query<{ id: string }>(
    `WITH lost AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, record_count)
       VALUES ($1, 'delete_customers', 1) RETURNING id),
     chunks AS (
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, not_before)
       SELECT id, 0, ARRAY[gen_random_uuid()], 1, now() - interval '1 hour' FROM lost)
     SELECT id FROM lost`,
    [accountId],
  );
  await database.query("UPDATE bulk.bulk_action_chunks SET not_before = now() - interval '1 hour'");
  await database.query(
    "UPDATE bulk.bulk_actions SET updated_at = now() - interval '1 hour' WHERE finished_at IS NULL",
  );
  await eventually(async () => {
    const ended = await database.query(
      "SELECT FROM bulk.bulk_actions WHERE id = $1 AND finished_at IS NOT NULL AND generation = 2",
      [lost?.id],
    );
    expect(ended).toHaveLength(1);
  });
}

async function readAction({ database }: TestService, id: string) {
  const [action] = await database.query<{ status: string; generation: number; done: number }>(
    `SELECT status, generation,
            (SELECT sum(done_count)::int FROM bulk.bulk_action_chunks WHERE bulk_action_id = bulk_actions.id) AS done
     FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
  return action;
}
