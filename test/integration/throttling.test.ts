import { clearThrottle, setThrottle, takeBudget } from "@bulk/store/operations/throttles";
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

  // At least how many is the machine's affair; that no budget is withheld, the next test shows.
  expect((after.done - before.done) / (after.at - before.at)).toBeLessThan(1_100);
  // Long enough that a head start of one of them no longer counts.
  await expectDone(service.database, 9_000);
  const shares = await Promise.all(large.map(({ id }) => countDone(service.database, id)));
  expect(Math.min(...shares)).toBeGreaterThan(Math.max(...shares) / 2);

  await throttles.clear("delete_products");
  for (const { id } of large) await service.finished(token, id, 10_000);
});

test("budget is promised for the very moment when it exists, to one turn after the other", async () => {
  await using service = await openTestService({});
  await using throttles = openThrottles(service);
  await throttles.set("delete_products", 2);
  const request = { actionType: "delete_products", mostRecords: 10, isOpening: false };
  const exhausted = async () => {
    for (;;) {
      const before = await readBudget(service.database);
      const budget = await takeBudget(throttles.database, request);
      const after = await readBudget(service.database);
      if (budget.kind === "unlimited") throw new Error("The throttle does not apply.");
      // One record at a time, since a tenth of a second is worth less than one.
      if (budget.kind === "granted") expect(budget.recordCount).toBe(1);
      else
        return { before, after, earliest: before.now + budget.dueInMs, latest: after.now + budget.dueInMs };
    }
  };

  const first = await exhausted();
  // Rounded up to a whole millisecond.
  expect(first.earliest).toBeLessThanOrEqual(first.before.spentUntil + 1);
  expect(first.latest).toBeGreaterThanOrEqual(first.before.spentUntil);
  // The next one waits for the budget of one record more, or a second.
  const second = await exhausted();
  const due = Math.min(second.before.calledUntil, second.after.now + 1_000);
  expect(second.before.calledUntil).toBeCloseTo(first.before.spentUntil + 500, 0);
  expect(second.earliest).toBeLessThanOrEqual(due + 1);
  expect(second.latest).toBeGreaterThanOrEqual(Math.min(due, second.before.now + 1_000));
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
       FROM bulk.bulk_action_chunks JOIN bulk.bulk_actions ON id = bulk_action_id WHERE action_type = 'delete_products'`,
    );
    if (row === undefined || row.done < count) throw new Error(`${row?.done} are done, not ${count}.`);
    return row;
  }, 120_000);
}

/** The database's clock and the throttle's marks, in milliseconds. */
async function readBudget(database: TestDatabase) {
  const [row] = await database.query<{ now: number; spentUntil: number; calledUntil: number }>(
    `SELECT 1000 * extract(epoch FROM clock_timestamp())::float8 AS now,
            1000 * extract(epoch FROM spent_until)::float8 AS "spentUntil",
            1000 * extract(epoch FROM called_until)::float8 AS "calledUntil"
     FROM bulk.throttles`,
  );
  if (row === undefined) throw new Error("There is no throttle.");
  return row;
}

async function countDone(database: TestDatabase, id: string): Promise<number> {
  const [row] = await database.query<{ done: number }>(
    "SELECT sum(done_count)::int AS done FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1",
    [id],
  );
  return row?.done ?? 0;
}
