import { expect, test } from "vitest";
import { startProgram } from "../support/program.ts";
import { openTestStack } from "../support/test-stack.ts";
import { openWebhookReceiver } from "../support/webhook-receiver.ts";

test("spans reach the collector by the time a process has ended; one that never answers holds nobody up", async () => {
  await using collector = await openWebhookReceiver((_request, response) => void response.end());
  await using silent = await openWebhookReceiver(() => undefined);
  await using stack = await openTestStack("postgres", {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20collector-secret",
  });
  const { token, productIds } = await stack.fillShop({ products: 100 });
  await using worker = startProgram("apps/worker/src/main.ts", {
    ...stack.environment,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${silent.port}`,
  });

  const { id } = await stack.submit(token, "delete_products", productIds);
  expect(await stack.finished(token, id)).toMatchObject({ status: "succeeded" });
  for (const program of [worker, stack.api]) {
    program.kill("SIGTERM");
    expect(await program.exited()).toEqual({ code: 0, signal: null });
  }

  expect(silent.received.length).toBeGreaterThan(0);
  expect(collector.received[0]?.headers).toMatchObject({
    authorization: "Bearer collector-secret",
    "content-type": "application/x-protobuf",
  });
  const spans = collector.received.map(({ body }) => body).join();
  for (const name of ["bulk-actions-api", "POST /v1/bulk_actions", "send bulk-actions"]) {
    expect(spans).toContain(name);
  }
  expect(stack.api.output()).toMatch(/"trace_id":"[0-9a-f]{32}".*"msg":"POST 200"/);
  expect(stack.api.output() + worker.output()).not.toContain("collector-secret");
});
