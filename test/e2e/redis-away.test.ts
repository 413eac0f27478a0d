import { describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestStack, type TestStack } from "../support/test-stack.ts";

// Loudly said in crashes.test.ts; in CI a missing Redis fails the run before it starts.
describe.skipIf(inject("redisServer") === undefined)("while Redis is away", () => {
  test("an action is accepted as pending, and is done as soon as Redis is back", async () => {
    await using stack = await openTestStack("redis");
    const { token, productIds } = await stack.fillShop({ products: 500 });
    await using _worker = stack.startWorker();
    await stack.redis?.kill();

    const submitted = await stack.submit(token, "delete_products", productIds);

    expect(submitted.status).toBe("pending");
    expect(await stack.retrieve(token, submitted.id)).toEqual(submitted);
    await stack.redis?.start();
    expect(await stack.finished(token, submitted.id)).toMatchObject({ status: "succeeded" });
  });

  test("API and worker can even be started, and catch up when it comes", async () => {
    await using stack = await openTestStack("redis");
    const { token, productIds } = await stack.fillShop({ products: 500 });
    await stack.redis?.kill();
    stack.api.kill("SIGTERM");
    await stack.api.exited();

    await using _api = await stack.restartApi();
    await using _worker = stack.startWorker();
    const { id, status } = await stack.submit(token, "delete_products", productIds);
    expect(status).toBe("pending");
    await stack.redis?.start();

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded" });
  });
});

describe.skipIf(inject("redisServer") === undefined)("in mid-action", () => {
  test.each([
    ["stopped and started again, empty", restartEmpty],
    ["flushed", flush],
  ])("Redis %s loses nothing", async (_name, fault) => {
    await using stack = await openTestStack("redis", { CHUNK_SIZE: "50" });
    const { token, productIds, inUseProductIds } = await stack.fillShop({ products: 10_000, inUse: 20 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using _worker = stack.startWorker();
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack, id));

    await fault(stack);

    expect(await stack.finished(token, id)).toMatchObject({
      status: "completed",
      skipped_record_ids: inUseProductIds,
    });
    const left = await stack.database.query<{ id: string }>("SELECT id FROM products");
    expect(new Set(left.map((row) => row.id))).toEqual(new Set(inUseProductIds));
  });
});

async function restartEmpty({ redis }: TestStack): Promise<void> {
  await redis?.kill();
  await redis?.start();
}

async function flush({ redis }: TestStack): Promise<void> {
  await redis?.flush();
}

async function expectUnderway(stack: TestStack, id: string): Promise<void> {
  const rows = await stack.database.query(
    "SELECT FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 AND finished_at IS NOT NULL",
    [id],
  );
  expect(rows.length).toBeGreaterThan(10);
}
