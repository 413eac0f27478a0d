import { randomBytes, randomUUID } from "node:crypto";
import { apiConfig, countApiConnections } from "@bulk/api/config";
import { findFreePort } from "@bulk/local/stack/free-port";
import { readConfig } from "@bulk/service/config/read-config";
import { countWorkerConnections, workerConfig, workerPoolSize } from "@bulk/worker/config";
import { describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { lockTables } from "../support/lock-rows.ts";
import { openTestStack, type QueueEngine, queueEngines, type TestStack } from "../support/test-stack.ts";
import { openWebhookReceiver } from "../support/webhook-receiver.ts";

describe.each(queueEngines(inject("redisServer")))("with the queue on %s", (engine) => {
  const isInDatabase = engine === "postgres";

  test("an API at full use has as many connections as the doctor counts, and no more", async () => {
    await using stack = await openStack(engine);
    const { token } = await stack.fillShop({});
    const others = await Promise.all(["a", "b", "c"].map((account) => stack.fillShop({}, account)));
    const expected = countApiConnections(readConfig(apiConfig, stack.environment), isInDatabase);
    const lock = await lockTables(stack.database, [
      "bulk.bulk_actions",
      ...(isInDatabase ? ["bullmq.job"] : []),
    ]);
    const uploads = others.map((shop) =>
      stack.request(shop.token, "/v1/bulk_actions?action_type=delete_products", {
        ...{ method: "POST", headers: { "content-type": "text/csv" }, body: randomUUID() },
      }),
    );
    // Their tokens are looked up on connections that the calls will take.
    await eventually(
      async () => expect(await countBlocked(stack, API_POOLS)).toBe(uploads.length),
      PATIENCE_MS,
    );

    const ops = `http://127.0.0.1:${stack.environment["OPS_PORT"]}`;
    const dashboard = `${ops}/dashboard/api/queues?activeQueue=`;
    const calls = Array.from({ length: 12 }, (_, n) => [
      stack.request(token, "/v1/bulk_actions"),
      fetch(`${dashboard}${n % 2 === 0 ? "webhooks" : "bulk-actions"}`),
      fetch(`${ops}/console/bulk-actions`),
    ]);

    await eventually(async () => expect(await countConnections(stack)).toBe(expected), PATIENCE_MS);

    await lock[Symbol.asyncDispose]();
    await Promise.all([...calls.flat(), ...uploads]);
    expect(await countConnections(stack)).toBeLessThanOrEqual(expected);
  });

  test("a worker at full use has the pool that the doctor counts, and no more connections than its sum", async () => {
    const receiver = await openSlowReceiver();
    await using stack = await openStack(engine);
    await using _receiver = receiver;
    const { token, productIds } = await stack.fillShop({ products: 400 });
    for (let n = 0; n < ENDPOINTS; n += 1) await registerAndTest(stack, token, receiver.url);
    for (let n = 0; n < 8; n += 1)
      await stack.submit(token, "delete_products", productIds.slice(n * 50, n * 50 + 50));
    stack.api.kill("SIGTERM");
    await stack.api.exited();
    const config = readConfig(workerConfig, stack.environment);
    const expectInBounds = async () =>
      expect(await countConnections(stack)).toBeLessThanOrEqual(countWorkerConnections(config, isInDatabase));

    const products = await lockTables(stack.database, ["products"]);
    await using _worker = stack.startWorker();
    // Each turn waits in a statement, and each endpoint for its receiver.
    await eventually(async () => expect(await countBlocked(stack)).toBe(TURNS), PATIENCE_MS);
    await receiver.has(ENDPOINTS);
    const queue = isInDatabase ? await lockTables(stack.database, ["bullmq.job"]) : undefined;
    const deliveries = await lockTables(stack.database, ["bulk.webhook_deliveries"]);
    receiver.respond();
    await eventually(
      async () => expect(await countConnections(stack, OWN_POOL)).toBe(workerPoolSize(config)),
      PATIENCE_MS,
    );
    await expectInBounds();

    await deliveries[Symbol.asyncDispose]();
    await products[Symbol.asyncDispose]();
    if (queue !== undefined) {
      // Each turn and each endpoint ends now, and none can leave the queue.
      await eventually(
        async () =>
          expect(await countConnections(stack, QUEUE_POOLS)).toBeGreaterThan(CONCURRENCY + ENDPOINTS),
        PATIENCE_MS,
      );
      await expectInBounds();
      await queue[Symbol.asyncDispose]();
    }
    await eventually(
      async () => expect(await stack.database.query("SELECT FROM products")).toEqual([]),
      PATIENCE_MS,
    );
    await expectInBounds();
  });
});

const PATIENCE_MS = 120_000;

/** More than the connections that a worker's pool has for webhooks. */
const ENDPOINTS = 4;

const OWN_POOL = "bulk-actions-worker";
const API_POOLS = "bulk-actions-api";
const QUEUE_POOLS = "bulk-actions-queue";

const CONCURRENCY = 3;

/** The first turns of bulk actions that run at once: one more than a worker has places. */
const TURNS = CONCURRENCY + 1;

async function openStack(engine: QueueEngine): Promise<TestStack> {
  return await openTestStack(engine, {
    OPS_PORT: String(await findFreePort(0)),
    WORKER_OPS_PORT: String(await findFreePort(0)),
    API_POOL_SIZE: "3",
    WORKER_CONCURRENCY: String(CONCURRENCY),
    CHUNK_SIZE: "5",
    WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"),
    WEBHOOK_ALLOW_LOOPBACK: "true",
    // Whatever waits in these tests waits until they let it go on.
    WEBHOOK_TIMEOUT_MS: "60000",
    LOCK_TIMEOUT_MS: "60000",
    STATEMENT_TIMEOUT_MS: "120000",
  });
}

/** A receiver that holds every request until `respond`. */
async function openSlowReceiver() {
  const responding = Promise.withResolvers<void>();
  const receiver = await openWebhookReceiver(async (_request, response) => {
    await responding.promise;
    response.writeHead(204).end();
  });
  return { ...receiver, respond: responding.resolve };
}

/** Registers an endpoint with one due delivery. */
async function registerAndTest(stack: TestStack, token: string, url: string): Promise<void> {
  const { id } = await post(stack, token, "", { webhook_endpoint: { url } });
  await post(stack, token, `/${id}/test`, {});
}

async function post(stack: TestStack, token: string, path: string, body: object): Promise<{ id: string }> {
  const response = await stack.request(token, `/v1/webhook_endpoints${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as { id: string };
}

/** Connections of this name whose statement waits for a lock; by default those of the worker's pool. */
async function countBlocked({ database }: TestStack, name = OWN_POOL): Promise<number | undefined> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'`,
    [name],
  );
  return row?.count;
}

/** Connections to the database, of the test's own none; of this name only, if one is given. */
async function countConnections({ database }: TestStack, name?: string): Promise<number | undefined> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'test'
       AND application_name = coalesce($1, application_name)`,
    [name ?? null],
  );
  return row?.count;
}
