import { randomUUID } from "node:crypto";
import { openDatabase } from "@bulk/store/database";
import type { BulkActionWatch } from "@bulk/store/watching/bulk-action-watch";
import { openBulkActionWatcher, type Watching } from "@bulk/store/watching/bulk-action-watcher";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { mintToken } from "../support/mint-token.ts";
import { type ObservedApi, openObservedApi } from "../support/observed-api.ts";
import { randomIds } from "../support/random-ids.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;

beforeEach(async () => {
  service = await openTestService();
  ({ token } = await service.fillShop({}));
});

afterEach(() => service[Symbol.asyncDispose]());

describe("a caller that follows a bulk action", () => {
  test("sees a snapshot, its progress and its end, counts that never go down, and then the stream closes", async () => {
    const { token, productIds, inUseProductIds } = await service.fillShop(
      { products: 500, inUse: 3 },
      "another",
    );
    await slowDown(service.database, "STATEMENT", 0.05);
    const { id } = await service.submit(token, "delete_products", [...productIds, ...randomIds(1_500)]);
    const response = await follow(id, {}, token);
    await service.startWorker({ WORKER_CONCURRENCY: "1" });
    const events = await readAll(response);

    const names = events.map(({ event }) => event);
    expect(names[0]).toBe("snapshot");
    expect(names.at(-1)).toBe("end");
    expect(new Set(names.slice(1, -1))).toEqual(new Set(["progress"]));
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    const counts = events.map(({ data }) => progressOf(data).processed);
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
    expect(progressOf(events[0]?.data)).toEqual({
      ...{ id, status: "pending", total: 2_000, processed: 0, deleted: 0, skipped: 0, failed: 0 },
      braked_by: null,
    });
    const skipped = 1_500 + inUseProductIds.length;
    expect(progressOf(events.at(-1)?.data)).toEqual({
      ...{
        id,
        status: "completed",
        total: 2_000,
        processed: 2_000,
        deleted: 2_000 - skipped,
        skipped,
        failed: 0,
      },
      braked_by: null,
    });
  });

  test("is answered in the form that clients of such streams expect, and that nothing on the way keeps back", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const response = await follow(id);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    await response.body?.cancel();
  });

  test("that has ended sees how it was and the end", async () => {
    const { id } = await finish();
    const events = await readAll(await follow(id));
    expect(events.map(({ event }) => event)).toEqual(["snapshot", "end"]);
    expect(events.map(({ data }) => progressOf(data).skipped)).toEqual([3, 3]);
  });

  test("and connects again is told only what it has not seen, and after the end to stop", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const lost = await follow(id);
    const reader = readEvents(lost);
    const snapshot = (await reader.next()).value;
    expect(snapshot).toMatchObject({ event: "snapshot", id: "pending-0" });
    await reader.return(undefined);

    const again = readEvents(await follow(id, { "last-event-id": "pending-0" }));
    const next = again.next();
    await service.startWorker();
    expect((await next).value).toMatchObject({ event: expect.stringMatching(/^(progress|end)$/) });
    const last = (await Array.fromAsync(again)).at(-1) ?? (await next).value;
    expect(last).toMatchObject({ event: "end", id: "end" });

    const names = (await readAll(await follow(id, { "last-event-id": "pending-0" }))).map(
      ({ event }) => event,
    );
    expect(names).toEqual(["snapshot", "end"]);
    const over = await follow(id, { "last-event-id": "end" });
    expect([over.status, await over.text()]).toEqual([204, ""]);
  });

  test("of another account, or none at all, is told that there is none", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const other = await service.fillShop({}, "another");
    for (const [unknown, caller] of [
      [id, other.token],
      [randomUUID(), token],
      ["nonsense", token],
    ] as const) {
      const response = await follow(unknown, {}, caller);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "bulk_action.not_found" });
    }
  });

  test("needs the scope to read", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const writer = await mintToken(service, "bulk_actions:write");
    expect((await follow(id, {}, writer)).status).toBe(403);
  });

  test("by HEAD has the headers at once and no stream", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const response = await service.request(token, `/v1/bulk_actions/${id}/events`, { method: "HEAD" });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  });
});

describe("a stream", () => {
  test("closes without an end when the API stops", async () => {
    const api = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const events = readEvents(await follow(id, {}, token, api));
    expect((await events.next()).value).toMatchObject({ event: "snapshot" });
    await api[Symbol.asyncDispose]();
    expect(await Array.fromAsync(events)).toEqual([]);
  });

  test("closes without an end when the bulk action is pruned", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const events = readEvents(await follow(id));
    expect((await events.next()).value).toMatchObject({ event: "snapshot" });
    await service.database.query("DELETE FROM bulk.bulk_actions");
    expect(await Array.fromAsync(events)).toEqual([]);
  });

  test("that a hundred callers leave is not looked after any longer", async () => {
    await using api = await openObservedApi(service);
    await using control = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const streams = await Promise.all(Array.from({ length: 100 }, () => follow(id, {}, token, api)));
    for (const stream of streams) await stream.body?.cancel();
    const staying = await follow(id, {}, token, control);
    const looks = api.looks();
    await eventually(() => expect(control.looks()).toBeGreaterThanOrEqual(3));
    // One may have begun before the last of them had gone.
    expect(api.looks() - looks).toBeLessThanOrEqual(1);
    await staying.body?.cancel();
  });

  test("of two thousand callers costs as many queries as that of one, and more an account may not have waiting", {
    timeout: 180_000,
  }, async () => {
    await using api = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const streams: Response[] = [];
    while (streams.length < 2_000) {
      // A few at a time: what is to be crowded is the waiting room, not the door.
      const callers = Array.from({ length: 50 }, () => follow(id, {}, token, api));
      streams.push(...(await Promise.all(callers)));
    }
    await expectCrowded(api, id);
    const statements = api.statements();
    await service.startWorker();
    for (const events of await Promise.all(streams.map(readAll))) {
      expect(events.at(-1)).toMatchObject({ event: "end" });
    }
    expect(api.statements() - statements).toBeLessThan(20);
    await eventually(async () => expect((await follow(id, {}, token, api)).status).toBe(200));
  });

  /** Nobody else of the account may wait, and whoever creates is answered without; others' may. */
  async function expectCrowded(api: ObservedApi, id: string): Promise<void> {
    const headers = { prefer: "wait=30" };
    const waiting = await api.request(token, `/v1/bulk_actions/${id}`, { headers });
    for (const refused of [await follow(id, {}, token, api), waiting]) {
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
      expect(await refused.json()).toMatchObject({ code: "bulk_action.too_many_waiting" });
    }
    const created = await api.request(token, "/v1/bulk_actions", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(1) } }),
    });
    expect([created.status, created.headers.has("preference-applied")]).toEqual([200, false]);
    const another = await service.fillShop({}, "another");
    const theirs = await service.submit(another.token, "delete_products", randomIds(1));
    const stream = await follow(theirs.id, {}, another.token, api);
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  }
});

test("whoever is slow to look is told the latest and nothing of what lay before", async () => {
  const database = openDatabase({
    ...{ url: service.database.url, applicationName: "test", poolSize: 1 },
    ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 5_000 },
  });
  const watcher = openBulkActionWatcher({ database, url: service.database.url, onError: () => undefined });
  const ended = new AbortController();
  try {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const accountId = await accountOf(id);
    const watch = viewOf(await watcher.watch({ accountId, id }, ended.signal));
    const witness = viewOf(await watcher.watch({ accountId, id }, ended.signal));
    for (const done of [1, 2, 3]) {
      await skip(id, done);
      expect(await witness.next(ended.signal)).toMatchObject({ progress: { skipped: done } });
    }
    expect(await watch.next(ended.signal)).toMatchObject({ kind: "changed", progress: { skipped: 3 } });
    expect(await watch.next(AbortSignal.timeout(1))).toEqual({ kind: "unchanged" });
  } finally {
    ended.abort();
    await watcher.close();
    await database.$disconnect();
  }
});

function viewOf(watching: Watching): BulkActionWatch {
  if (watching.kind !== "watching") throw new Error(`There is nothing to watch: ${watching.kind}.`);
  return watching.watch;
}

type Progress = {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly processed: number;
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
};

function progressOf(data: string | undefined): Progress {
  return JSON.parse(data ?? "") as Progress;
}

function follow(
  id: string,
  headers: Readonly<Record<string, string>> = {},
  caller = token,
  client: Client = service,
): Promise<Response> {
  return client.request(caller, `/v1/bulk_actions/${id}/events`, { headers });
}

async function* readEvents(response: Response): AsyncGenerator<EventSourceMessage, void> {
  if (response.body === null) throw new Error("The answer has no body.");
  yield* response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

function readAll(response: Response): Promise<readonly EventSourceMessage[]> {
  return Array.fromAsync(readEvents(response));
}

async function finish(): Promise<{ readonly id: string }> {
  await service.startWorker();
  const { id } = await service.submit(token, "delete_products", randomIds(3));
  return await service.finished(token, id);
}

async function accountOf(id: string): Promise<string> {
  const [row] = await service.database.query<{ account_id: string }>(
    "SELECT account_id FROM bulk.bulk_actions WHERE id = $1",
    [id],
  );
  return String(row?.account_id);
}

// As a chunk does that skips some of its ids, and the turn that ends after it.
async function skip(id: string, count: number): Promise<void> {
  await service.database.query(
    `WITH turn AS (
       UPDATE bulk.bulk_action_chunks SET done_count = $2, skipped_count = $2, skipped_ids = record_ids[:$2],
         skipped_codes = array_fill('record.not_found'::text, ARRAY[$2::int]) WHERE bulk_action_id = $1
       RETURNING bulk_action_id)
     SELECT pg_notify('bulk_action_changed', bulk_action_id::text) FROM turn`,
    [id, count],
  );
}
