import { clearThrottle, setThrottle } from "@bulk/store/throttles";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import type { TestDatabase } from "../support/test-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

test("two workers together keep to the throttle, alike for two bulk actions, let a small one by, and go on when it is cleared", async () => {
  await using service = await openTestService({ CHUNK_SIZE: "5000" });
  await using throttles = openThrottles(service);
  const { token } = await service.fillShop({});
  // Less in a second than a chunk has.
  await throttles.set("delete_products", 1_000);
  // Never reached: the narrower of the two counts.
  await throttles.set(null, 100_000);
  for (let n = 0; n < 2; n += 1) await service.startWorker();
  const large = await Promise.all(
    [1, 2].map(() => service.submit(token, "delete_products", randomIds(12_000))),
  );

  const before = await expectDone(service.database, 500);
  const small = await service.submit(token, "delete_products", randomIds(10));
  const other = await service.submit(token, "delete_customers", randomIds(4_000));
  await service.finished(token, small.id);
  await service.finished(token, other.id);
  const after = await expectDone(service.database, 3_500);

  const rate = (after.done - before.done) / (after.at - before.at);
  expect(rate).toBeGreaterThan(500);
  expect(rate).toBeLessThan(1_100);
  const shares = await Promise.all(large.map(({ id }) => countDone(service.database, id)));
  expect(Math.min(...shares)).toBeGreaterThan(Math.max(...shares) / 2);

  await throttles.clear("delete_products");
  for (const { id } of large) await service.finished(token, id, 10_000);
});

function openThrottles(service: TestService) {
  const opened = openServiceDatabase(service.database.url);
  return {
    ...opened,
    set: (actionType: string | null, recordsPerSecond: number) =>
      setThrottle(opened.database, { actionType, recordsPerSecond, setBy: "test" }),
    clear: (actionType: string | null) => clearThrottle(opened.database, actionType),
  };
}

/** Waits until so many product ids have their outcome; how many exactly, and when, in seconds. */
async function expectDone(database: TestDatabase, count: number) {
  return await eventually(async () => {
    const [row] = await database.query<{ done: number; at: number }>(
      `SELECT COALESCE(sum(done_count), 0)::int AS done, extract(epoch FROM clock_timestamp())::float8 AS at
       FROM bulk_action_chunks JOIN bulk_actions ON id = bulk_action_id WHERE action_type = 'delete_products'`,
    );
    if (row === undefined || row.done < count) throw new Error(`${row?.done} are done, not ${count}.`);
    return row;
  }, 30_000);
}

async function countDone(database: TestDatabase, id: string): Promise<number> {
  const [row] = await database.query<{ done: number }>(
    "SELECT sum(done_count)::int AS done FROM bulk_action_chunks WHERE bulk_action_id = $1",
    [id],
  );
  return row?.done ?? 0;
}
