import { describe, expect, inject, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { expectSleepers } from "../support/sleepers.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestStack, queueEngines, type TestStack } from "../support/test-stack.ts";

describe.each(queueEngines(inject("redisServer")))("with the queue on %s", (engine) => {
  test("one of two workers killed between a cancel and its end leaves the other to settle", async () => {
    await using stack = await openTestStack(engine, { CHUNK_SIZE: "100", WORKER_CONCURRENCY: "2" });
    const { token, productIds } = await stack.fillShop({ products: 5_000 });
    await slowDown(stack.database, "STATEMENT", 2);
    await using first = stack.startWorker();
    await using _second = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await expectSleepers(stack.database, 4);

    expect(await cancel(stack, token, id)).toMatchObject({ status: "processing" });
    const done = await countDone(stack);
    first.kill("SIGKILL");
    await first.exited();

    expect(await stack.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    await expectExact(stack, productIds.length, done + 4);
  });

  test("the only worker killed between a cancel and its end leaves the next one to settle", async () => {
    await using stack = await openTestStack(engine, { CHUNK_SIZE: "100", WORKER_CONCURRENCY: "2" });
    const { token, productIds } = await stack.fillShop({ products: 1_000 });
    await slowDown(stack.database, "STATEMENT", 1);
    await using first = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await expectSleepers(stack.database, 2);

    await cancel(stack, token, id);
    const done = await countDone(stack);
    first.kill("SIGKILL");
    await first.exited();
    await expectSleepers(stack.database, 0);
    expect(await stack.retrieve(token, id)).toMatchObject({ status: "processing" });
    await using _second = stack.startWorker();

    expect(await stack.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    await expectExact(stack, productIds.length, done + 2);
    expect(await stack.database.query("SELECT generation FROM bulk.bulk_actions")).toEqual([
      { generation: 1 },
    ]);
  });
});

// Loudly said in crashes.test.ts; in CI a missing Redis fails the run before it starts.
describe.skipIf(inject("redisServer") === undefined)("while Redis is away", () => {
  test("a cancel ends what has not begun at once, and what has within a chunk", async () => {
    await using stack = await openTestStack("redis", { CHUNK_SIZE: "100", WORKER_CONCURRENCY: "2" });
    const { token, productIds } = await stack.fillShop({ products: 1_000 });
    await slowDown(stack.database, "STATEMENT", 1);
    await using _worker = stack.startWorker();
    const begun = await stack.submit(token, "delete_products", productIds);
    await expectSleepers(stack.database, 2);
    await stack.redis?.kill();
    const waiting = await stack.submit(token, "delete_products", productIds);

    expect(await cancel(stack, token, waiting.id)).toMatchObject({ status: "completed" });
    await cancel(stack, token, begun.id);
    const done = await countDone(stack);

    expect(await stack.finished(token, begun.id)).toMatchObject({ status: "completed" });
    await expectExact(stack, productIds.length, done + 2);
  });
});

async function cancel(stack: TestStack, token: string, id: string): Promise<WireAction> {
  const response = await stack.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
  expect(response.status).toBe(200);
  return (await response.json()) as WireAction;
}

/** How many chunks are done; right after a cancel, no more may be added to them than there are lanes. */
async function countDone({ database }: TestStack): Promise<number> {
  return (await database.query("SELECT FROM bulk.bulk_action_chunks WHERE done_count > 0")).length;
}

/** Of so many chunks at most anything is done, and then all of it; the rest is untouched. */
async function expectExact(stack: TestStack, products: number, mostBegun: number): Promise<void> {
  const chunks = await stack.database.query<{ ids: number; done: number; deleted: number; open: boolean }>(
    `SELECT record_count AS ids, done_count AS done, deleted_count AS deleted, finished_at IS NULL AS open
     FROM bulk.bulk_action_chunks`,
  );
  const begun = chunks.filter((chunk) => chunk.done > 0);
  expect(begun.length).toBeLessThanOrEqual(mostBegun);
  expect(begun.filter(({ ids, done, deleted }) => done < ids || deleted < ids)).toEqual([]);
  expect(chunks.filter((chunk) => chunk.open)).toEqual([]);
  const deleted = begun.reduce((sum, chunk) => sum + chunk.deleted, 0);
  const [shop] = await stack.database.query("SELECT count(*)::int AS left FROM products");
  expect(shop).toEqual({ left: products - deleted });
}
