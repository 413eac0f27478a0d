import { randomUUID } from "node:crypto";
import { setTimeout as deadline } from "node:timers/promises";
import { API_TIMEOUTS } from "@bulk/api/http/server/api-server";
import { fillShop } from "@bulk/local/fill-shop";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { type Client, createClient, type WireAction } from "../support/client.ts";
import { startEngines } from "../support/engines.ts";
import { eventually } from "../support/eventually.ts";
import { type ObservedApi, openObservedApi } from "../support/observed-api.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, openRaw, requestHead } from "../support/raw-http.ts";
import { slowDown } from "../support/slow-down.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const COLLECTION = "/v1/bulk_actions";

let service: TestService;
let token: string;
let accountId: string;

// Each test has it anew: most of them start a worker or break a connection.
beforeEach(async () => {
  service = await openTestService();
  ({ token, accountId } = await service.fillShop({}));
});

afterEach(() => service[Symbol.asyncDispose]());

describe("a caller that prefers to wait", () => {
  test("for what it creates is answered with the end", async () => {
    await service.startWorker();
    const response = await create("wait=30");
    expect(response.status).toBe(200);
    expect(response.headers.get("preference-applied")).toBe("wait=30");
    expect(response.headers.get("location")).toMatch(/^\/v1\/bulk_actions\/./);
    expect(response.headers.has("retry-after")).toBe(false);
    const action = await readAction(response);
    expect(action).toStrictEqual(await service.retrieve(token, action.id));
    expect(action).toMatchObject({ status: "invalid", skipped_record_ids: action.record_ids });
  });

  test("for what it creates has the current state when the time is up", async () => {
    const startedAt = performance.now();
    const response = await create("wait=1");
    expect(performance.now() - startedAt).toBeGreaterThan(950);
    expect(response.status).toBe(200);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await readAction(response)).toMatchObject({ status: "pending" });
  });

  test("for one that is open is answered as soon as it ends", async () => {
    await using api = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const waiting = retrieve(id, { prefer: "wait=30" }, api);
    await api.untilWaiting(1);
    await service.startWorker();
    const response = await waiting;
    expect(response.headers.get("preference-applied")).toBe("wait=30");
    expect(response.headers.get("etag")).toMatch(/^"invalid-/);
    expect(await response.json()).toStrictEqual(await service.retrieve(token, id));
  });

  test("for one that has ended is answered at once, with a copy or without", async () => {
    await service.startWorker();
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    await service.finished(token, id);
    const whole = await within(5_000, retrieve(id, { prefer: "wait=30" }));
    expect(whole.status).toBe(200);
    const headers = { prefer: "wait=30", "if-none-match": String(whole.headers.get("etag")) };
    const same = await within(5_000, retrieve(id, headers));
    expect([same.status, same.headers.get("preference-applied")]).toEqual([304, "wait=30"]);
  });

  test("and has a copy is answered as soon as anything in it has changed, until the end", async () => {
    const { token, productIds } = await service.fillShop({ products: 200 }, "another");
    await slowDown(service.database, "STATEMENT", 0.1);
    await service.startWorker({ WORKER_CONCURRENCY: "1" });
    const { id } = await service.submit(token, "delete_products", [...productIds, ...randomIds(2_000)]);
    const etags: string[] = [];
    let status = "pending";
    while (["pending", "processing"].includes(status)) {
      const known = etags.at(-1);
      const headers = { prefer: "wait=30", ...(known !== undefined && { "if-none-match": known }) };
      // The first, without a copy, would wait for the end.
      const response = await within(
        10_000,
        service.request(token, `${COLLECTION}/${id}`, { headers: known === undefined ? {} : headers }),
      );
      expect(response.status).toBe(200);
      etags.push(String(response.headers.get("etag")));
      ({ status } = await readAction(response));
    }
    expect(status).toBe("succeeded");
    expect(etags.length).toBeGreaterThan(2);
    expect(new Set(etags).size).toBe(etags.length);
  });

  test("and has a copy is answered 304 when nothing has changed in time", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const etag = String((await retrieve(id)).headers.get("etag"));
    const startedAt = performance.now();
    const response = await retrieve(id, { prefer: "wait=1", "if-none-match": etag });
    expect(performance.now() - startedAt).toBeGreaterThan(950);
    expect(response.status).toBe(304);
    expect(response.headers.get("etag")).toBe(etag);
    expect(response.headers.get("preference-applied")).toBe("wait=1");
  });

  test.each(["wait", "wait=0", "wait=soon", "respond-async"])(
    "in words that mean nothing (%s) is answered at once",
    async (prefer) => {
      const response = await create(prefer);
      expect(response.status).toBe(200);
      expect(response.headers.has("preference-applied")).toBe(false);
      expect(await readAction(response)).toMatchObject({ status: "pending" });
    },
  );

  test("for another account's bulk action, or for none, is told that there is none", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const other = await service.fillShop({}, "another");
    for (const [caller, unknown] of [
      [other.token, id],
      [token, randomUUID()],
    ] as const) {
      const headers = { prefer: "wait=30" };
      const answer = await within(5_000, service.request(caller, `${COLLECTION}/${unknown}`, { headers }));
      expect(answer.status).toBe(404);
    }
  });

  test("may wait longer than a request may take to arrive", async () => {
    const timeouts = { ...API_TIMEOUTS, headersMs: 200, requestMs: 400, checkMs: 50 };
    await using api = await openObservedApi(service, { timeouts });
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    expect((await retrieve(id, { prefer: "wait=2" }, api)).status).toBe(200);
  });
});

describe("whoever waits is answered", () => {
  test("within a moment of the end, not only when everything is looked at again", async () => {
    await using api = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    // In capitals, as it may be written too.
    const waiting = retrieve(id.toUpperCase(), { prefer: "wait=30" }, api);
    await api.untilWaiting(1);
    await expectPrompt(api, waiting, id);
  });

  test("a little later when the notification was lost", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    await using api = await openObservedApi(service);
    // Whoever waits is looked at on every connect too; that is past then.
    await untilListening(2);
    const waiting = retrieve(id, { prefer: "wait=30" }, api);
    await api.untilWaiting(1);
    await end(id);
    expect(await readAction(await within(10_000, waiting))).toMatchObject({ status: "succeeded" });
  });

  test("though the listening connection is ended, and soon as promptly as before", async () => {
    await using api = await openObservedApi(service);
    const first = await service.submit(token, "delete_products", randomIds(3));
    const second = await service.submit(token, "delete_products", randomIds(3));
    const one = retrieve(first.id, { prefer: "wait=30" }, api);
    const other = retrieve(second.id, { prefer: "wait=30" }, api);
    await api.untilWaiting(2);
    await service.database.query(`SELECT pg_terminate_backend(pid) FROM (${LISTENERS}) AS listeners`);
    await endAloud(first.id);
    expect(await readAction(await within(10_000, one))).toMatchObject({ status: "succeeded" });
    await untilListening(2);
    await expectPrompt(api, other, second.id);
  });

  test("though the network to the database breaks", async () => {
    await using api = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const waiting = retrieve(id, { prefer: "wait=30" }, api);
    await api.untilWaiting(1);
    await api.proxy.cut();
    await endAloud(id);
    await api.proxy.mend();
    expect(await readAction(await within(20_000, waiting))).toMatchObject({ status: "succeeded" });
  });

  test("though the database crashes and recovers", async () => {
    await using engines = await startEngines("postgres", []);
    const shop = await fillShop(engines.databaseUrl, "test", { products: 0, customers: 0, inUse: 0 });
    await using api = await openObservedApi(service, { databaseUrl: engines.databaseUrl });
    const { id } = await api.submit(shop.token, "delete_products", randomIds(3));
    const waiting = api.request(shop.token, `${COLLECTION}/${id}`, { headers: { prefer: "wait=30" } });
    await api.untilWaiting(1);
    await engines.restartPostgres();
    const client = new pg.Client({ connectionString: engines.databaseUrl });
    await client.connect();
    await client.query(END, [id]).finally(() => client.end());
    expect(await readAction(await within(20_000, waiting))).toMatchObject({ id, status: "succeeded" });
  });

  test("though the database was away when the API started", async () => {
    await using proxy = await openTcpProxy(service.database.url);
    await proxy.cut();
    await using api = await openAnotherApi(service, { DATABASE_URL: proxy.url });
    await proxy.mend();
    await untilListening(2);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const waiting = retrieve(id, { prefer: "wait=30" }, createClient(api.url));
    await endAloud(id);
    expect(await readAction(await within(10_000, waiting))).toMatchObject({ status: "succeeded" });
  });

  test("with the current state at once when the API stops", async () => {
    const api = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const waiting = retrieve(id, { prefer: "wait=30" }, api);
    await api.untilWaiting(1);
    await within(5_000, api[Symbol.asyncDispose]());
    const response = await waiting;
    expect(response.headers.get("preference-applied")).toBe("wait=30");
    expect(await readAction(response)).toMatchObject({ id, status: "pending" });
  });
});

describe("many callers at once", () => {
  test.each([
    [1_000, "the same bulk action", 1],
    [250, "a bulk action each", 250],
  ])(
    "(%i) that wait for %s ask the database nothing meanwhile, and are answered soon after the end",
    async (callers, _what, actions) => {
      await using api = await openObservedApi(service);
      const ids = await submitMany(actions);
      const waiting: Promise<Response>[] = [];
      while (waiting.length < callers) {
        waiting.push(retrieve(String(ids[waiting.length % actions]), { prefer: "wait=30" }, api));
        // A few at a time: what is to be crowded is the waiting room, not the door.
        if (waiting.length % 50 === 0) await api.untilWaiting(waiting.length);
      }
      await untilQuiet(api);

      const [statements, looks] = [api.statements(), api.looks()];
      await eventually(() => expect(api.looks()).toBeGreaterThanOrEqual(looks + 2));
      expect(api.statements() - statements).toBeLessThanOrEqual(3);

      const meanwhile = api.statements();
      await service.database.query(END_ALL);
      const endedAt = performance.now();
      const responses = await within(10_000, Promise.all(waiting));
      const tookMs = performance.now() - endedAt;
      for (const response of responses) {
        expect(await readAction(response)).toMatchObject({ status: "succeeded" });
      }
      expect(tookMs).toBeLessThan(5_000);
      // A look and the ids of all, in a few groups: as callers come one after the other.
      expect(api.statements() - meanwhile).toBeLessThan(20);
    },
  );

  test("that hang up leave nothing behind", async () => {
    await using api = await openObservedApi(service);
    await using control = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const leaving = new AbortController();
    const headers = { prefer: "wait=30" };
    const left = Array.from({ length: 100 }, () =>
      api.request(token, `${COLLECTION}/${id}`, { headers, signal: leaving.signal }).catch(() => "left"),
    );
    await api.untilWaiting(100);
    leaving.abort();
    expect(new Set(await Promise.all(left))).toEqual(new Set(["left"]));

    const staying = retrieve(id, headers, control);
    await control.untilWaiting(1);
    await untilQuiet(api);
    const statements = api.statements();
    // While nobody is left to look for, another API has looked twice.
    await eventually(() => expect(control.looks()).toBeGreaterThanOrEqual(3));
    expect(api.statements()).toBe(statements);
    await endAloud(id);
    await staying;
    expect(api.statements()).toBe(statements);
  });

  test("of whom one hangs up before its token was found leave nothing behind either", async () => {
    await using api = await openObservedApi(service);
    await using control = await openObservedApi(service);
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    await untilQuiet(api);
    const statements = api.statements();
    api.proxy.delay(200);
    const connection = await openRaw(api.url);
    await connection.write(requestHead(`GET ${COLLECTION}/${id}`, { ...bearer(token), prefer: "wait=30" }));
    await eventually(() => expect(api.statements()).toBe(statements + 1));
    await connection[Symbol.asyncDispose]();
    await api.untilWaiting(1);

    const staying = retrieve(id, { prefer: "wait=30" }, control);
    await eventually(() => expect(control.looks()).toBeGreaterThanOrEqual(3));
    expect(api.looks()).toBe(1);
    await endAloud(id);
    await staying;
  });
});

function create(prefer: string): Promise<Response> {
  return service.request(token, COLLECTION, {
    method: "POST",
    headers: { "content-type": "application/json", prefer },
    body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(3) } }),
  });
}

/** Bulk actions of one unknown id each, past the API. */
async function submitMany(count: number): Promise<readonly string[]> {
  const rows = await service.database.query<{ id: string }>(
    `WITH submitted AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, record_count)
       SELECT $1, 'delete_products', 1 FROM generate_series(1, $2) RETURNING id),
     chunks AS (
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
       SELECT id, 0, ARRAY[gen_random_uuid()], 1 FROM submitted)
     SELECT id FROM submitted`,
    [accountId, count],
  );
  return rows.map(({ id }) => id);
}

function retrieve(
  id: string,
  headers: Readonly<Record<string, string>> = {},
  client: Client = service,
): Promise<Response> {
  return client.request(token, `${COLLECTION}/${id}`, { headers });
}

async function readAction(response: Response | undefined): Promise<WireAction> {
  expect(response?.status).toBe(200);
  return (await response?.json()) as WireAction;
}

/** Throws when it takes longer: far less than the wait that was asked for. */
async function within<Answer>(limitMs: number, answer: PromiseLike<Answer>): Promise<Answer> {
  const late = Symbol("late");
  const first = await Promise.race([answer, deadline(limitMs, late, { ref: false })]);
  if (first === late) throw new Error(`Not within ${limitMs} ms.`);
  return first;
}

/** Ends the bulk action right after everything was looked at: only a notification can be so quick. */
async function expectPrompt(api: ObservedApi, waiting: Promise<Response>, id: string): Promise<void> {
  const looks = api.looks();
  await eventually(() => expect(api.looks()).toBeGreaterThan(looks));
  const endedAt = performance.now();
  await endAloud(id);
  expect(await readAction(await waiting)).toMatchObject({ status: "succeeded" });
  expect(performance.now() - endedAt).toBeLessThan(1_800);
}

/** Waits until the API has sent no statement for a quarter of a second. */
async function untilQuiet(api: ObservedApi): Promise<void> {
  let [last, same] = [-1, 0];
  await eventually(() => {
    same = api.statements() === last ? same + 1 : 0;
    last = api.statements();
    expect(same).toBe(10);
  });
}

const LISTENERS = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'bulk-actions-listener'
    AND state = 'idle' AND query <> ''`;

async function untilListening(count: number): Promise<void> {
  await eventually(async () => expect(await service.database.query(LISTENERS)).toHaveLength(count));
}

const END = `UPDATE bulk.bulk_actions SET status = 'succeeded', finished_at = now(), updated_at = clock_timestamp()
  WHERE id = $1`;

const TELL = "pg_notify('bulk_action_changed', id::text)";

const END_ALL = `UPDATE bulk.bulk_actions SET status = 'succeeded', finished_at = now(), updated_at = clock_timestamp()
  RETURNING ${TELL}`;

/** Ends a bulk action and tells nobody. */
async function end(id: string): Promise<void> {
  await service.database.query(END, [id]);
}

/** Ends it as the service does. */
async function endAloud(id: string): Promise<void> {
  await service.database.query(`${END} RETURNING ${TELL}`, [id]);
}
