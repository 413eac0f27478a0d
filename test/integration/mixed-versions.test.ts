import { expect, test } from "vitest";
import { fetchDocumented } from "../support/documented.ts";
import { eventually } from "../support/eventually.ts";
import { loseAllTurns, openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** What a job of another version may look like, beside the four references. */
const FOREIGN = {
  // Before opening turns got ahead of the others, no turn had a priority.
  withoutPriority: { name: "delete_products", more: { lane: 2, turn: 5 } },
  withMore: { name: "delete_products", more: { lane: 1, turn: 2, shard: { of: 3 }, notBefore: "2030" } },
  withoutLane: { name: "delete_products", more: { turn: 1 } },
  ofAnotherKind: { name: "delete_products", more: { lane: "left", turn: 1 } },
  ofUnknownAction: { name: "merge_products", more: { lane: 1, turn: 2 } },
} as const;

test("turns of other versions are taken if they can be understood, and otherwise cost time only", async () => {
  await using service = await openTestService();
  const { token, productIds } = await service.fillShop({ products: 12 });
  const ids = await Promise.all(
    Object.keys(FOREIGN).map(async (_, n) => {
      return (await service.submit(token, "delete_products", productIds.slice(n * 2, n * 2 + 2))).id;
    }),
  );
  await loseAllTurns(service, ids.length);
  await addForeignTurns(service, ids);
  const [withoutPriority = "", withMore = "", ...others] = ids;

  // A worker sweeps when it starts, too; these do not look lost to it yet.
  await setActivity(service, others, "1 hour");
  await service.startWorker({ SWEEP_INTERVAL_MS: "3600000" });
  for (const id of [withoutPriority, withMore]) {
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  }
  await expectFailedTurns(service, [/not a turn/, /not a turn/, /knows no action merge_products/]);
  for (const id of others) expect(await service.retrieve(token, id)).toMatchObject({ status: "pending" });

  await setActivity(service, others, "-1 minute");
  await service.startWorker({ SWEEP_INTERVAL_MS: "100" });
  for (const id of others) {
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
  }
  const left = await service.database.query<{ id: string }>("SELECT id FROM products ORDER BY id");
  expect(left.map((row) => row.id)).toEqual(productIds.slice(10).toSorted());
});

test("a bulk action of a type this version does not know stays as it is until a worker knows it", async () => {
  await using service = await openTestService();
  const { token, productIds } = await service.fillShop({ products: 2 });
  const { id } = await service.submit(token, "delete_products", productIds);
  await loseAllTurns(service);
  await service.database.query("UPDATE bulk.bulk_actions SET action_type = 'merge_products'");

  await service.startWorker({ SWEEP_INTERVAL_MS: "100" });
  await eventually(async () => {
    const [row] = await service.database.query(
      'SELECT status, generation > 2 AS "again" FROM bulk.bulk_actions',
    );
    expect(row).toEqual({ status: "pending", again: true });
  }, 30_000);
  expect(await service.database.query("SELECT FROM products")).toHaveLength(2);
  await service.database.query("UPDATE bulk.bulk_actions SET action_type = 'delete_products'");

  expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });
});

test("an ended bulk action of a type this version does not know reads as the reference says", async () => {
  await using service = await openTestService();
  await service.startWorker();
  const { token, productIds } = await service.fillShop({ products: 2 });
  const { id } = await service.submit(token, "archive_products", productIds);
  await service.finished(token, id);
  await service.database.query("UPDATE bulk.bulk_actions SET action_type = 'merge_products'");

  const headers = { authorization: `Bearer ${token}` };
  const read = async (rest: string) =>
    await (await fetchDocumented(`${service.url}/v1/bulk_actions/${id}${rest}`, { headers })).json();
  expect(await read("?expand[]=details")).toMatchObject({ details: { outcome: "succeeded", applied: 2 } });
  const records = productIds.map((record_id) => ({ record_id, outcome: "applied" }));
  expect(await read("/records?outcome[]=applied")).toMatchObject({ data: records });
  expect(await read("/records?outcome[]=archived")).toMatchObject({ data: [] });
});

async function addForeignTurns(service: TestService, ids: readonly string[]): Promise<void> {
  const queue = openServiceQueue(service);
  try {
    for (const [index, { name, more }] of Object.values(FOREIGN).entries()) {
      await queue.native.add(name, { bulkActionId: ids[index], generation: 1, ...more });
    }
  } finally {
    await queue.close();
  }
}

/** Sets when these bulk actions were last active, from now. */
async function setActivity(service: TestService, ids: readonly string[], after: string): Promise<void> {
  await service.database.query(
    "UPDATE bulk.bulk_actions SET updated_at = now() + $2::interval WHERE id = ANY ($1::uuid[])",
    [ids, after],
  );
}

async function expectFailedTurns(service: TestService, reasons: readonly RegExp[]): Promise<void> {
  const queue = openServiceQueue(service);
  try {
    await eventually(async () => {
      const failed = await queue.native.getFailed();
      const found = failed.map((job) => job.failedReason).toSorted();
      expect(found).toEqual(reasons.map((reason) => expect.stringMatching(reason)));
    });
  } finally {
    await queue.close();
  }
}
