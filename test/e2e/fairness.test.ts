import { describe, expect, inject, test } from "vitest";
import { randomIds } from "../support/random-ids.ts";
import { openTestStack, queueEngines, type TestStack } from "../support/test-stack.ts";

const LARGE_ACTION = 100_000;

describe.each(queueEngines(inject("redisServer")))("with the queue on %s", (engine) => {
  test("ten ids of any account are done long before the millions submitted earlier", async () => {
    await using stack = await openTestStack(engine);
    const [busy, calm, idle] = [
      await stack.fillShop({}, "busy"),
      await stack.fillShop({}, "calm"),
      await stack.fillShop({}, "idle"),
    ];
    for (let n = 0; n < 20; n += 1) {
      await stack.submit(busy.token, "delete_products", randomIds(LARGE_ACTION));
      if (n % 7 === 0) await stack.submit(calm.token, "delete_products", randomIds(LARGE_ACTION));
    }
    await using worker = stack.startWorker();
    await worker.says(/"ending":"passed_on"/);

    for (const { token } of [idle, calm, busy]) {
      const { id } = await stack.submit(token, "delete_products", randomIds(10));
      await stack.finished(token, id);
    }

    expect(await countOpen(stack)).toBe(23);
  });
});

async function countOpen(stack: TestStack): Promise<number> {
  const open = await stack.database.query("SELECT FROM bulk.bulk_actions WHERE finished_at IS NULL");
  return open.length;
}
