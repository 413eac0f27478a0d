import { randomUUID } from "node:crypto";
import { queueEngine } from "@bulk/queue/engines/engine";
import { openWebhookQueue } from "@bulk/queue/webhooks/webhook-queue";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { sayToRedis } from "../support/redis-command.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import type { TestService, TestWorker } from "../support/test-service.ts";
import { openWebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";
import { writeBulkAction } from "../support/write-bulk-action.ts";

/*
 * Whoever may write to the queue can put any job into it. Outcomes do not depend on it: what a turn may delete is in the
 * database alone.
 */

let service: WebhookService;
let queue: ReturnType<typeof openServiceQueue>;
let worker: TestWorker;
let shop: Awaited<ReturnType<TestService["fillShop"]>>;

beforeAll(async () => {
  service = await openWebhookService({ TURN_MS: "1" });
  queue = openServiceQueue(service);
  shop = await service.fillShop({ products: 20, customers: 20 });
  worker = await service.startWorker();
});

afterAll(async () => {
  await queue.close();
  await service[Symbol.asyncDispose]();
});

describe("a forged turn", () => {
  test("of another type deletes nothing of that type", async () => {
    await using database = openServiceDatabase(service.database.url);
    const { id } = await writeBulkAction(database.database, shop.accountId, shop.customerIds);
    await expectTaken([forge({ bulkActionId: id }, { name: "delete_customers" })]);
    expect(await countLeft()).toEqual({ products: 20, customers: 20 });

    // The sweeper starts its real turns.
    expect(await service.finished(shop.token, id)).toMatchObject({
      status: "invalid",
      skipped_record_ids: shop.customerIds,
    });
    expect(await countLeft()).toEqual({ products: 20, customers: 20 });
  });

  test("from far in the future does not make the sweeper take waiting bulk actions for lost", async () => {
    const moments = [Date.UTC(2100), 9e15].map((timestamp) => forge({ turn: 2 }, { timestamp }));
    await expectTaken(moments);
    await queue.native.pause();
    const { id } = await service.submit(shop.token, "delete_products", randomIds(1));
    await service.database.query("UPDATE bulk.bulk_actions SET updated_at = now() - interval '1 hour'");
    await expectSweep();
    await expectSweep();

    expect(
      await service.database.query("SELECT generation FROM bulk.bulk_actions WHERE id = $1", [id]),
    ).toEqual([{ generation: 1 }]);
    await queue.native.resume();
    await service.finished(shop.token, id);
  });

  test("with whatever in any field changes nothing, and other bulk actions go on", async () => {
    const other = await service.fillShop({ products: 2 }, "another");
    const ended = await service.submit(shop.token, "delete_products", randomIds(1));
    await service.finished(shop.token, ended.id);
    await queue.native.pause();
    const canceled = await service.submit(other.token, "delete_products", other.productIds);
    await service.request(other.token, `/v1/bulk_actions/${canceled.id}/cancel`, { method: "POST" });
    await queue.native.resume();
    await expectTaken([
      ...[ended.id, canceled.id, randomUUID(), "", "1", "'; DROP TABLE products; --", "x".repeat(1e6)].map(
        (bulkActionId) => forge({ bulkActionId }),
      ),
      ...[null, [], { id: ended.id }, true].map((bulkActionId) => forge({ bulkActionId })),
      ...[2, 99, 2 ** 31, 2 ** 53, 1e300, 0, -1, 1.5, "1", null, {}].flatMap((value) =>
        (["generation", "lane", "turn"] as const).map((field) =>
          forge({ bulkActionId: canceled.id, [field]: value }),
        ),
      ),
      ...["unknown", "", "constructor", "__proto__", "delete_products\n", "x".repeat(1e4)].map((name) =>
        forge({ bulkActionId: canceled.id }, { name }),
      ),
      ...[0, 1, 8.64e15].map((timestamp) => forge({ turn: 2 }, { timestamp })),
      ...["", "null", "[]", "{", '{"traceparent":5}', "x".repeat(1e5)].map((metadata) =>
        forge({}, { telemetry: { metadata } }),
      ),
      forge({ recordIds: shop.productIds, accountId: other.accountId, mostRecords: -1, __proto__: null }),
      ...[[], "text", 7, { deep: [[[[[]]]]] }].map((data) => ({ ...forge({}), data })),
    ]);

    expect(await countLeft()).toEqual({ products: 22, customers: 20 });
    expect((await fetch(`${worker.opsUrl}/health/ready`)).status).toBe(200);
    const metrics = await (await fetch(`${worker.opsUrl}/metrics`)).text();
    expect(metrics).not.toMatch(/^bulk_.*type="(?!delete_products"|delete_customers")/m);
    const { id } = await service.submit(other.token, "delete_products", other.productIds);
    expect(await service.finished(other.token, id)).toMatchObject({ status: "succeeded" });
  });
});

test("a forged webhook job sends nothing that is not due, and other endpoints get theirs", async () => {
  await using receiver = await openWebhookReceiver();
  const { id: endpointId } = await service.register(shop.token, receiver.url);
  const engine = queueEngine({ DATABASE_URL: service.database.url, REDIS_URL: service.redis?.url });
  const webhooks = openWebhookQueue({ engine, deadlineMs: 5_000, onError: () => undefined });
  try {
    const ids = [
      randomUUID(),
      "nonsense",
      "'; DROP TABLE bulk.webhook_endpoints; --",
      "x".repeat(1e4),
      endpointId,
    ];
    const payloads = [
      null,
      [],
      "text",
      { accountId: 7 },
      { accountId: "__proto__", rank: -1 },
      { rank: 1e300 },
    ];
    await webhooks.native.addBulk(
      ids.flatMap((id) => payloads.map((data) => ({ name: "deliver", data, opts: { jobId: `${id}` } }))),
    );
    await eventually(async () => {
      expect(Object.values(await webhooks.native.getJobCounts()).filter((count) => count > 0)).toEqual([]);
    });
  } finally {
    await webhooks.close();
  }
  expect(receiver.received).toEqual([]);
  const { id } = await service.submit(shop.token, "delete_products", randomIds(1));
  const [webhook] = await receiver.has(1);
  expect(JSON.parse(String(webhook?.body))).toMatchObject({ data: { object: { id } } });
});

test("a job that is not even JSON keeps no other one from being taken", async (context) => {
  if (service.redis === undefined) return context.skip();
  const key = "{bulk}:bulk-actions";
  await sayToRedis(
    service.redis.port,
    `HSET ${key}:broken name delete_products data {not opts {not timestamp 1`,
  );
  await sayToRedis(service.redis.port, `RPUSH ${key}:wait broken`);
  const { id } = await service.submit(shop.token, "delete_products", randomIds(1));
  expect(await service.finished(shop.token, id)).toMatchObject({ status: "invalid" });
});

type Job = {
  readonly name: string;
  readonly data: unknown;
  readonly opts: Readonly<Record<string, unknown>>;
};

/** A second lane's first turn at no bulk action, but for these fields. */
function forge(
  fields: Readonly<Record<string, unknown>>,
  { name = "delete_products", ...opts }: Readonly<Record<string, unknown>> & { readonly name?: string } = {},
): Job {
  const data = { bulkActionId: randomUUID(), generation: 1, lane: 2, turn: 1, ...fields };
  return { name, data, opts: { jobId: `forged-${randomUUID()}`, ...opts } };
}

/** Adds them and waits until every one has been taken. The queue keeps no job of a turn that did nothing. */
async function expectTaken(jobs: readonly Job[]): Promise<void> {
  await queue.native.pause();
  const added = await queue.native.addBulk([...jobs]);
  const ids = added.map((job) => String(job.id));
  const readStates = () => Promise.all(ids.map((id) => queue.native.getJobState(id)));
  expect((await readStates()).filter((state) => ENDED.has(state))).toEqual([]);
  await queue.native.resume();
  await eventually(async () => {
    expect((await readStates()).filter((state) => !ENDED.has(state))).toEqual([]);
  });
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "unknown"]);

async function countLeft() {
  const [row] = await service.database.query(
    `SELECT (SELECT count(*)::int FROM products) AS products, (SELECT count(*)::int FROM customers) AS customers`,
  );
  return row;
}

/** Waits until a sweep that begins after this call has ended. */
async function expectSweep(): Promise<void> {
  const [unsettled] = await service.database.query<{ id: string }>(
    "INSERT INTO bulk.bulk_actions (account_id, action_type, record_count) VALUES ($1, 'delete_products', 0) RETURNING id",
    [shop.accountId],
  );
  await eventually(async () => {
    const open = "SELECT FROM bulk.bulk_actions WHERE id = $1 AND finished_at IS NULL";
    expect(await service.database.query(open, [unsettled?.id])).toEqual([]);
  });
}
