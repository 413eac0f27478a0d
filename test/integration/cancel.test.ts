import { randomUUID } from "node:crypto";
import { composeFastStatement } from "@bulk/store/chunks/apply-chunk";
import pg from "pg";
import { describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { mintToken } from "../support/mint-token.ts";
import { randomIds } from "../support/random-ids.ts";
import { registry } from "../support/registry.ts";
import { loseAllTurns } from "../support/service-queue.ts";
import { expectSleepers } from "../support/sleepers.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

describe("a cancel", () => {
  test("of what is not yet begun ends it at once, with no worker there, and touches nothing", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "7" });
    const { token, productIds } = await service.fillShop({ products: 20 });
    const created = await service.submit(token, "delete_products", productIds);

    const response = await cancel(service, token, created.id);

    expect(response.headers.has("retry-after")).toBe(false);
    const canceled = await readCanceled(response);
    expect(canceled).toStrictEqual({
      ...created,
      status: "completed",
      updated_at: expect.any(Number),
    });
    expect(await service.retrieve(token, created.id)).toStrictEqual(canceled);
    expect(await countProducts(service)).toBe(20);
    expect(await service.database.query("SELECT started_at, finished_at FROM bulk.bulk_actions")).toEqual([
      { started_at: null, finished_at: expect.any(Date) },
    ]);
  });

  test("lets the running chunks commit and begins none after them", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "10" });
    const { token, productIds } = await service.fillShop({ products: 100 });
    await slowDown(service.database, "STATEMENT", 1);
    await service.startWorker({ WORKER_CONCURRENCY: "2", SWEEP_INTERVAL_MS: "3600000" });
    const { id } = await service.submit(token, "delete_products", productIds);
    await expectSleepers(service.database, 2);

    const response = await cancel(service, token, id);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await readCanceled(response)).toMatchObject({ status: "processing" });

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await readChunks(service)).toEqual([
      ...[0, 10].map((position) => ({ position, done: 10, deleted: 10 })),
      ...[20, 30, 40, 50, 60, 70, 80, 90].map((position) => ({ position, done: 0, deleted: 0 })),
    ]);
    const left = await service.database.query<{ id: string }>("SELECT id FROM products");
    expect(new Set(left.map((product) => product.id))).toEqual(new Set(productIds.slice(20)));
  });

  test("that comes when the last chunk runs changes nothing, and can still be repeated", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 10 });
    await slowDown(service.database, "STATEMENT", 1);
    await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await expectSleepers(service.database, 1);

    expect(await readCanceled(await cancel(service, token, id))).toMatchObject({ status: "processing" });
    const ended = await service.finished(token, id);

    expect(ended).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await countProducts(service)).toBe(0);
    expect(await readCanceled(await cancel(service, token, id))).toStrictEqual(ended);
  });

  test("ends what waits for a locked record", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 10 });
    await using _lock = await lockRows(service.database, "products", productIds.slice(3, 4));
    await service.startWorker({ LOCK_TIMEOUT_MS: "50" });
    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => {
      expect(
        await service.database.query("SELECT FROM bulk.bulk_action_chunks WHERE attempts > 0"),
      ).toHaveLength(1);
    });

    await cancel(service, token, id);

    expect(await service.finished(token, id)).toMatchObject({ status: "completed", skipped_record_ids: [] });
    expect(await countProducts(service)).toBe(10);
  });

  test("that many ask for at once is answered the same to all, and written once", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "1" });
    const { token, productIds } = await service.fillShop({ products: 50 });
    await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);

    const responses = await Promise.all(Array.from({ length: 9 }, () => cancel(service, token, id)));

    expect(responses.map(({ status }) => status)).toEqual(Array(9).fill(200));
    const { status } = await service.finished(token, id);
    const chunks = await readChunks(service);
    const deleted = chunks.filter((chunk) => chunk.deleted === 1).length;
    expect(await countProducts(service)).toBe(50 - deleted);
    expect(status).toBe(deleted === 50 ? "succeeded" : "completed");
  });

  test.each(["succeeded", "completed", "invalid"])("of what has ended %s is a conflict", async (status) => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const { id } = await service.submit(token, "delete_products", randomIds(2));
    await service.database.query("UPDATE bulk.bulk_actions SET status = $1", [status]);
    const before = await service.retrieve(token, id);

    const response = await cancel(service, token, id);

    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      http_status: "conflict",
      type: "not_cancelable",
      code: "bulk_action.not_cancelable",
    });
    expect(await service.retrieve(token, id)).toStrictEqual(before);
  });

  test("of another account's bulk action, of none, or without the right to write is refused", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const other = await service.fillShop({}, "another");
    const { id } = await service.submit(token, "delete_products", randomIds(2));

    const refused = [
      await cancel(service, other.token, id),
      await cancel(service, token, randomUUID()),
      await cancel(service, token, "42"),
    ];
    const reader = await mintToken(service, "bulk_actions:read");

    expect(refused.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await cancel(service, reader, id)).status).toBe(403);
    expect(await service.retrieve(token, id)).toMatchObject({ status: "pending" });
  });
});

describe("a canceled bulk action", () => {
  test("whose API died right after it wrote that down is ended by the next turn", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "5" });
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.database.query("UPDATE bulk.bulk_actions SET cancel_requested_at = now()");
    // As if another worker were sweeping all the time.
    await service.database.query("SELECT pg_advisory_lock(hashtext('bulk_actions.sweeper'))");

    await service.startWorker();

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await countProducts(service)).toBe(20);
  });

  test("that has lost its turns is settled by the sweeper, and no lane is started", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "5" });
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await loseAllTurns(service);
    await service.database.query(
      `UPDATE bulk.bulk_actions SET status = 'processing', cancel_requested_at = now(),
         updated_at = now() - interval '1 hour'`,
    );

    await service.startWorker({ SWEEP_INTERVAL_MS: "100" });

    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });
    expect(await countProducts(service)).toBe(20);
    expect(await service.database.query("SELECT generation FROM bulk.bulk_actions")).toEqual([
      { generation: 1 },
    ]);
  });

  test("gives no chunk to a claim that began before the cancel and locks after it", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "5" });
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    // A cursor has its snapshot from its declaration, and locks rows as they are fetched.
    await using early = await declare(service, claimOf(id));
    await using control = await declare(service, claimOf(id));

    expect(await control.fetch()).toHaveLength(1);
    await control.rollBack();
    await readCanceled(await cancel(service, token, id));

    expect(await early.fetch()).toEqual([]);
  });
});

function cancel(service: TestService, token: string, id: string): Promise<Response> {
  return service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
}

async function readCanceled(response: Response): Promise<WireAction> {
  expect(response.status).toBe(200);
  return (await response.json()) as WireAction;
}

function readChunks(service: TestService) {
  return service.database.query<{ position: number; done: number; deleted: number }>(
    `SELECT position, done_count AS done, deleted_count AS deleted FROM bulk.bulk_action_chunks ORDER BY position`,
  );
}

async function countProducts(service: TestService): Promise<number | undefined> {
  const [row] = await service.database.query<{ count: number }>("SELECT count(*)::int FROM products");
  return row?.count;
}

type Claim = { readonly text: string; readonly values: readonly unknown[] };

/** The claim inside the statement that a worker's fast path sends. */
function claimOf(bulkActionId: string): Claim {
  const effect = registry.get("delete_products");
  if (effect === undefined) throw new Error("There is no such action.");
  const source = { bulkActionId, actionType: effect.type, generation: 1 };
  const sent = composeFastStatement(source, effect);
  const [, text] = /^\s*WITH claimed AS \(([\s\S]*? SKIP LOCKED\) AS free)\)/.exec(sent.text) ?? [];
  if (text === undefined) throw new Error(`There is no claim in ${sent.text}`);
  return { text, values: sent.values };
}

async function declare(service: TestService, { text, values }: Claim) {
  const client = await connect(service);
  await client.query("BEGIN");
  await client.query(`DECLARE claim NO SCROLL CURSOR FOR ${text}`, [...values]);
  return {
    fetch: async () => (await client.query("FETCH claim")).rows,
    rollBack: () => client.query("ROLLBACK"),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function connect(service: TestService): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
  return client;
}
