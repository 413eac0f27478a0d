import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const PATIENT = { LOCK_TIMEOUT_MS: "60000", STATEMENT_TIMEOUT_MS: "300000" };

test("ten ids are deleted while the only place of the only worker is taken", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "10" });
  const { token, productIds } = await service.fillShop({ products: 20 });
  await using lock = await lockRows(service.database, "products", productIds.slice(0, 1));
  await service.startWorker({ WORKER_CONCURRENCY: "1", ...PATIENT });
  const busy = await service.submit(token, "delete_products", productIds.slice(0, 10));
  await eventually(() => expectWaiting(service, 1));

  const { id } = await service.submit(token, "delete_products", productIds.slice(10));
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });

  await expectWaiting(service, 1);
  await lock.release();
  expect(await service.finished(token, busy.id)).toMatchObject({ status: "succeeded" });
});

test("a worker runs no more turns that continue than it has places", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "10", WINDOW: "4" });
  const { token, productIds } = await service.fillShop({ products: 40 });
  await using lock = await lockRows(service.database, "products", productIds);
  await service.startWorker({ WORKER_CONCURRENCY: "2", ...PATIENT });
  const { id } = await service.submit(token, "delete_products", productIds);
  await eventually(() => expectWaiting(service, 2));

  // The third lane's turn is in the worker by then, and marks that it waits.
  await eventually(async () => {
    const [row] = await service.database.query("SELECT FROM bulk.bulk_actions WHERE updated_at > started_at");
    expect(row).toBeDefined();
  });
  await expectWaiting(service, 2);
  await lock.release();
  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
});

test("a lane that nobody waits for takes many chunks in a turn", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "1", WINDOW: "1", TURN_MS: "1" });
  const { token, productIds } = await service.fillShop({ products: 100 });
  await service.startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  await service.finished(token, id);

  const queue = openServiceQueue(service);
  try {
    await eventually(async () => expect(await queue.native.getActiveCount()).toBe(0));
    // Each chunk takes longer than a turn may while others wait.
    expect(await queue.native.getCompletedCount()).toBeLessThan(productIds.length / 2);
  } finally {
    await queue.close();
  }
});

/** So many statements wait for a lock. */
async function expectWaiting({ database }: TestService, count: number): Promise<void> {
  const waiting = await database.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bulk-actions-worker'
       AND wait_event_type = 'Lock'`,
  );
  expect(waiting).toHaveLength(count);
}
