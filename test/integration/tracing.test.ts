import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { type RecordedSpan, recordSpans, type SpanRecorder } from "../support/recorded-spans.ts";
import { loseAllTurns } from "../support/service-queue.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const PROCESS = "process bulk-actions";
const SEND = "send bulk-actions";
const CHUNK = "UPDATE bulk_action_chunks";

let recorder: SpanRecorder;
let service: TestService;

beforeAll(async () => {
  recorder = recordSpans();
  service = await openTestService({
    CHUNK_SIZE: "10",
    TURN_MS: "1",
    WORKER_CONCURRENCY: "1",
    WINDOW: "2",
    SWEEP_INTERVAL_MS: "100",
  });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await recorder[Symbol.asyncDispose]();
});

beforeEach(() => recorder.forget());

describe("a bulk action is one trace", () => {
  test("from the request over the queue to the statement of every chunk, however many turns it takes", async () => {
    const { token, productIds, inUseProductIds } = await service.fillShop({ products: 100, inUse: 1 });
    // Where nobody waits, a turn takes many chunks.
    await slowDown(service.database, "STATEMENT", 0.05);
    const crowd = await service.submit(token, "delete_products", randomIds(200));
    const { id } = await service.submit(token, "delete_products", productIds);
    await using _worker = await startWorker();
    for (const one of [id, crowd.id]) await service.finished(token, one);

    const { request, turns, chunks } = await eventually(() => findWhole(id, 10));

    expect(request).toMatchObject({ kind: "SERVER", parentId: undefined, isError: false });
    expect(request.attributes).toMatchObject({
      "http.request.method": "POST",
      "http.route": "/v1/bulk_actions",
      "http.response.status_code": 200,
    });
    const [send, ...others] = ofTrace(request).filter(({ name }) => name === SEND);
    expect(others).toEqual([]);
    expect(send).toMatchObject({ kind: "PRODUCER", parentId: request.spanId });
    expect(turns.length).toBeGreaterThan(2);
    for (const turn of turns) expect(turn).toMatchObject({ kind: "CONSUMER", parentId: send?.spanId });
    const turnIds = turns.map(({ spanId }) => spanId);
    for (const chunk of chunks) expect(turnIds).toContain(chunk.parentId);
    expect(sum(chunks, "bulk_action.chunk.deleted")).toBe(99);
    expect(sum(chunks, "bulk_action.chunk.skipped")).toBe(1);
    expectNothingOf(recorder.spans(), [token, ...productIds, ...inUseProductIds]);
  });

  test("that a caller's traceparent names", async () => {
    const { token } = await service.fillShop({});
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    await service.request(token, "/v1/bulk_actions", {
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    });
    const span = await eventually(() => find("GET /v1/bulk_actions"));
    expect(span).toMatchObject({ traceId, parentId: "b7ad6b7169203331" });
  });

  test("and another one when the sweeper starts its lanes again", async () => {
    const { token, productIds } = await service.fillShop({ products: 20 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await loseAllTurns(service);
    recorder.forget();

    await using _worker = await startWorker();
    await service.finished(token, id);

    const [turn, ...others] = await eventually(() => {
      const turns = recorder.spans().filter(({ name }) => name === PROCESS);
      expect(turns.length).toBeGreaterThan(1);
      return turns;
    });
    const send = recorder.spans().find(({ spanId }) => spanId === turn?.parentId);
    expect(send).toMatchObject({ name: SEND, parentId: undefined, attributes: { "bulk_action.id": id } });
    for (const other of others) expect(other.traceId).toBe(turn?.traceId);
  });
});

test("a refused request has its route and status, and is no error", async () => {
  const { token } = await service.fillShop({});
  await service.request(token, "/v1/bulk_actions/no-id?token=secret");
  const span = await eventually(() => find("GET /v1/bulk_actions/:id"));
  expect(span).toMatchObject({ isError: false, attributes: { "http.response.status_code": 404 } });
  expectNothingOf([span], ["secret"]);
});

test("what the database refuses is an error without its words, which may quote a record", async () => {
  const { token, productIds } = await service.fillShop({ products: 1 });
  await service.database.query("ALTER TABLE bulk.bulk_action_chunks RENAME COLUMN progressed_at TO away");
  await using _worker = await startWorker();
  const { id } = await service.submit(token, "delete_products", productIds);
  const span = await eventually(() => find(CHUNK));
  await service.database.query("ALTER TABLE bulk.bulk_action_chunks RENAME COLUMN away TO progressed_at");

  expect(span).toMatchObject({ isError: true, attributes: { "error.type": expect.any(String) } });
  expectNothingOf(recorder.spans(), ["does not exist", ...productIds]);
  await service.finished(token, id);
});

function startWorker() {
  return service.startWorker().then((worker) => ({ [Symbol.asyncDispose]: () => worker.stop() }));
}

type Whole = {
  readonly request: RecordedSpan;
  readonly turns: readonly RecordedSpan[];
  readonly chunks: readonly RecordedSpan[];
};

/** The trace of the request that created a bulk action; throws until all of its spans have ended. */
function findWhole(id: string, chunkCount: number): Whole {
  const request = recorder
    .spans()
    .find(({ name, attributes }) => name === "POST /v1/bulk_actions" && attributes["bulk_action.id"] === id);
  if (request === undefined) throw new Error("The span of the request has not ended yet.");
  const turns = ofTrace(request).filter(({ name }) => name === PROCESS);
  const chunks = ofTrace(request).filter(
    ({ name, attributes }) => name === CHUNK && "bulk_action.chunk.position" in attributes,
  );
  expect(chunks).toHaveLength(chunkCount);
  const known = new Set(turns.map(({ spanId }) => spanId));
  expect(chunks.every(({ parentId }) => parentId !== undefined && known.has(parentId))).toBe(true);
  return { request, turns, chunks };
}

function find(wanted: string): RecordedSpan {
  const span = recorder.spans().find(({ name }) => name === wanted);
  if (span === undefined) throw new Error(`No span ${wanted} has ended yet.`);
  return span;
}

function ofTrace({ traceId }: RecordedSpan): readonly RecordedSpan[] {
  return recorder.spans().filter((span) => span.traceId === traceId);
}

function sum(spans: readonly RecordedSpan[], attribute: string): number {
  return spans.reduce((total, { attributes }) => total + Number(attributes[attribute]), 0);
}

function expectNothingOf(spans: readonly RecordedSpan[], secrets: readonly string[]): void {
  const told = JSON.stringify(spans);
  for (const secret of secrets) expect(told).not.toContain(secret);
}
