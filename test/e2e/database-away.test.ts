import { describe, expect, inject, test } from "vitest";
import { createClient } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startProgram } from "../support/program.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestStack, queueEngines } from "../support/test-stack.ts";
import { expectUnderway } from "../support/underway.ts";

describe.each(queueEngines(inject("redisServer")))("with the queue on %s", (engine) => {
  test("a worker that starts while the database is away takes turns as soon as it is there", async () => {
    await using stack = await openTestStack(engine);
    const { token, productIds } = await stack.fillShop({ products: 300 });
    await using proxy = await openTcpProxy(stack.database.url);
    await proxy.cut();
    await using worker = startProgram("apps/worker/src/main.ts", {
      ...stack.environment,
      DATABASE_URL: proxy.url,
    });
    await worker.says(/worker trouble/);

    await proxy.mend();
    const { id } = await stack.submit(token, "delete_products", productIds);

    expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    worker.kill("SIGTERM");
    expect(await worker.exited()).toEqual({ code: 0, signal: null });
  });

  test("an API that starts while the database is away answers 503, and later its turns reach the queue", async () => {
    await using stack = await openTestStack(engine);
    const { token, productIds } = await stack.fillShop({ products: 300 });
    await using proxy = await openTcpProxy(stack.database.url);
    await proxy.cut();
    await using api = startProgram("apps/api/src/main.ts", {
      ...stack.environment,
      PORT: "0",
      DATABASE_URL: proxy.url,
    });
    const [, port] = await api.says(/"port":(\d+).*api is listening/);
    const client = createClient(`http://127.0.0.1:${port}`);
    const refused = await client.request(token, "/v1/bulk_actions");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: "service.unavailable", validation_errors: [] });

    await proxy.mend();
    // Without its sweeper the worker has only what the API put into the queue.
    await using _worker = startProgram("apps/worker/src/main.ts", {
      ...stack.environment,
      SWEEP_INTERVAL_MS: "3600000",
    });
    const { id } = await eventually(() => client.submit(token, "delete_products", productIds));

    expect(await client.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
  });

  test("a database that goes away in mid-action costs time and nothing else", async () => {
    await using stack = await openTestStack(engine, { CHUNK_SIZE: "50" });
    const { token, productIds, inUseProductIds } = await stack.fillShop({ products: 10_000, inUse: 20 });
    await slowDown(stack.database, "STATEMENT", 0.05);
    await using proxy = await openTcpProxy(stack.database.url);
    await using worker = startProgram("apps/worker/src/main.ts", {
      ...stack.environment,
      DATABASE_URL: proxy.url,
    });
    const { id } = await stack.submit(token, "delete_products", productIds);
    await eventually(() => expectUnderway(stack.database, id));

    await proxy.cut();
    await worker.says(/turn failed; nothing is lost/);
    await proxy.mend();

    expect(await stack.finished(token, id)).toMatchObject({
      status: "completed",
      skipped_record_ids: inUseProductIds,
    });
  });
});
