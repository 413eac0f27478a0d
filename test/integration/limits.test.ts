import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { API_TIMEOUTS } from "@bulk/api/http/server/api-server";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import {
  bearer,
  type Headers,
  openRaw,
  parseAnswer,
  type RawAnswer,
  requestHead,
  sendRaw,
} from "../support/raw-http.ts";
import { everyCall, expectRefusal } from "../support/refusal.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const COLLECTION = "/v1/bulk_actions";
/** An empty variable counts as unset. */
const DEFAULTS = { RATE_LIMIT: "", MAX_OPEN_ACTIONS: "" };
const EXCEEDED = { status: 429, httpStatus: "too_many_requests", code: "rate_limit.exceeded" };
const TOO_MANY_OPEN = { status: 429, httpStatus: "too_many_requests", code: "bulk_action.too_many_open" };
const onRedis = inject("queueEngine") === "redis";

let service: TestService;

beforeAll(async () => {
  service = await openTestService();
});

afterAll(() => service[Symbol.asyncDispose]());

describe("the requests of a token", () => {
  test("are 150 in ten seconds, which every answer says, whatever it is", async () => {
    await using api = await openAnotherApi(service, DEFAULTS);
    // An API that is not yet connected to Redis counts for itself, which would start anew in the middle.
    const answers = await eventually(async () => {
      const { token } = await service.fillShop({});
      const all = [...(await everyCall(api.url, bearer(token))), await list(api.url, token)];
      expect(all.map(countIn).sort()).toEqual([1, 2, 3, 4]);
      return all;
    });
    expect(answers.map(({ status }) => status)).toEqual([400, 200, 404, 200]);
    for (const { headers } of answers) {
      expect(headers["ratelimit-policy"]).toBe('"default";q=150;w=10');
      expect(headers["ratelimit"]).toMatch(/^"default";r=14[6-9];t=(10|[1-9])$/);
    }
  });

  test("are counted also when the token lacks the scope, and never when there is no token", async () => {
    await using api = await openAnotherApi(service, DEFAULTS);
    const { token } = await service.fillShop({});
    await service.database.query(
      "UPDATE bulk.api_tokens SET scopes = '{}' WHERE digest = sha256(convert_to($1, 'UTF8'))",
      [token],
    );
    expect(await list(api.url, token)).toMatchObject({
      status: 403,
      headers: { ratelimit: expect.stringContaining("r=149") },
    });
    for (const answer of await everyCall(api.url, bearer("bulk_live_unknown"))) {
      expect(answer.status).toBe(401);
      expect(answer.headers).not.toHaveProperty("ratelimit");
    }
  });

  test("above the limit are refused until the time is up, and nobody else's are", async () => {
    await using api = await openAnotherApi(service, { RATE_LIMIT: "3/2" });
    const { token } = await service.fillShop({});
    const other = await service.fillShop({});
    for (let request = 0; request < 3; request++) expect((await list(api.url, token)).status).toBe(200);

    for (const answer of await everyCall(api.url, bearer(token))) {
      const { message } = expectRefusal(answer, EXCEEDED);
      expect(message).toContain("3 requests in 2 s");
      expect(answer.headers["retry-after"]).toMatch(/^[12]$/);
      expect(answer.headers["ratelimit"]).toMatch(/^"default";r=0;t=[12]$/);
    }
    expect((await list(api.url, other.token)).status).toBe(200);
    expect((await list(api.url, `${token}x`)).status).toBe(401);
    await eventually(async () => expect((await list(api.url, token)).status).toBe(200));
  });

  test.runIf(onRedis)("are counted over all APIs together", async () => {
    const limited = { RATE_LIMIT: "4/60" };
    await using one = await openAnotherApi(service, limited);
    await using two = await openAnotherApi(service, limited);
    const { token } = await service.fillShop({});
    await untilCountingTogether(service, one.url, two.url);
    const statuses: number[] = [];
    for (const url of [one.url, two.url, one.url, two.url, one.url, two.url]) {
      statuses.push((await list(url, token)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  });

  test.runIf(onRedis)("are answered while Redis is down, slow or not there yet", async () => {
    await using own = await openTestService({ RATE_LIMIT: "1000/60" });
    await using proxy = await openTcpProxy(own.redis?.url ?? "");
    await using api = await openAnotherApi(own, { REDIS_URL: proxy.url, RATE_LIMIT: "5/60" });
    const { token } = await own.fillShop({});
    const statuses = async (url: string, count: number) => {
      const all: number[] = [];
      for (let request = 0; request < count; request++) all.push((await list(url, token)).status);
      return all;
    };
    await untilCountingTogether(own, own.url, api.url);
    expect(await statuses(api.url, 2)).toEqual([200, 200]);
    // From here on the process counts alone, from the start.
    proxy.delay(5_000);
    const startedAt = performance.now();
    expect(await statuses(api.url, 6)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(performance.now() - startedAt).toBeLessThan(4_000);

    await own.redis?.kill();
    expect(await statuses(own.url, 20)).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await create(own.url, token)).status).toBe(200);
    await using late = await openAnotherApi(own, { RATE_LIMIT: "1000/60" });
    expect(await statuses(late.url, 3)).toEqual([200, 200, 200]);
    await own.redis?.start();
  });

  test.runIf(!onRedis)("are counted by each API alone where there is no Redis", async () => {
    const limited = { RATE_LIMIT: "1/60" };
    await using one = await openAnotherApi(service, limited);
    await using two = await openAnotherApi(service, limited);
    const { token } = await service.fillShop({});
    const statuses: number[] = [];
    for (const url of [one.url, two.url, one.url, two.url]) statuses.push((await list(url, token)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
  });

  test("are as many as one likes, and nothing is said about it, when the limit is off", async () => {
    const { token } = await service.fillShop({});
    const { headers } = await list(service.url, token);
    expect(Object.keys(headers).filter((name) => name.startsWith("ratelimit"))).toEqual([]);
  });
});

describe("the open bulk actions of an account", () => {
  test("are thirty, until one ends", async () => {
    await using api = await openAnotherApi(service, DEFAULTS);
    const { token, accountId } = await service.fillShop({}, "crowded");
    for (let open = 0; open < 30; open++) expect((await create(api.url, token)).status).toBe(200);

    const refused = await create(api.url, token);
    expect(expectRefusal(refused, TOO_MANY_OPEN).message).toContain("30");
    expect(refused.headers["retry-after"]).toBe("5");
    const stranger = await service.fillShop({}, "stranger");
    expect((await create(api.url, stranger.token)).status).toBe(200);

    await service.database.query(
      `UPDATE bulk.bulk_actions SET status = 'invalid'
       WHERE id = (SELECT id FROM bulk.bulk_actions WHERE account_id = $1 LIMIT 1)`,
      [accountId],
    );
    expect((await create(api.url, token)).status).toBe(200);
    expectRefusal(await create(api.url, token), TOO_MANY_OPEN);
  });

  test("do not stop a request that is sent again with its key, and a refused one leaves its key free", async () => {
    await using api = await openAnotherApi(service, { MAX_OPEN_ACTIONS: "1" });
    const { token } = await service.fillShop({}, "one at a time");
    const recordIds = randomIds(2);
    const first = await create(api.url, token, recordIds, { "idempotency-key": "first" });
    expectRefusal(await create(api.url, token, recordIds, { "idempotency-key": "second" }), TOO_MANY_OPEN);

    const replayed = await create(api.url, token, recordIds, { "idempotency-key": "first" });
    expect(replayed).toMatchObject({ status: 200, body: first.body });
    const id = readId(first);
    await service.database.query("UPDATE bulk.bulk_actions SET status = 'invalid' WHERE id = $1", [id]);
    const second = await create(api.url, token, recordIds, { "idempotency-key": "second" });
    expect(second.status).toBe(200);
    expect(second.headers).not.toHaveProperty("idempotent-replayed");
  });

  test("count retries, and keep nobody from a cancel", async () => {
    await using api = await openAnotherApi(service, { MAX_OPEN_ACTIONS: "1" });
    const { token } = await service.fillShop({}, "retrying");
    const ended = readId(await create(api.url, token));
    await post(api.url, token, `${ended}/cancel`);
    const open = readId(await create(api.url, token));

    const refused = await post(api.url, token, `${ended}/retry`);
    expectRefusal(refused, TOO_MANY_OPEN);
    expect(refused.headers["retry-after"]).toBe("5");
    expect((await post(api.url, token, `${open}/cancel`)).status).toBe(200);
    expect((await post(api.url, token, `${ended}/retry`)).status).toBe(200);
  });

  test("are at most a few too many when all are submitted at once", async () => {
    await using api = await openAnotherApi(service, { MAX_OPEN_ACTIONS: "5", API_POOL_SIZE: "4" });
    const { token, accountId } = await service.fillShop({}, "hasty");
    await Promise.all(Array.from({ length: 40 }, () => create(api.url, token)));
    const open = await service.database.query("SELECT FROM bulk.bulk_actions WHERE account_id = $1", [
      accountId,
    ]);
    expect(open.length).toBeGreaterThanOrEqual(5);
    expect(open.length).toBeLessThan(5 + 4);
  });
});

describe("the memory in flight of an account", () => {
  const tooMuch = { status: 429, httpStatus: "too_many_requests", code: "account.too_much_in_flight" };
  const [little, timeouts] = [{ MEMORY_IN_FLIGHT_MB: "8" }, { ...API_TIMEOUTS, roomMs: 50, takeMs: 5_000 }];

  test("is at most a half of all; others are served meanwhile, and it is free when its requests are gone", async () => {
    await using api = await openAnotherApi(service, little, timeouts);
    const { token } = await service.fillShop({}, "greedy");
    const other = await service.fillShop({}, "modest");
    {
      await using _first = await announceBody(api.url, token, 1_000_000);
      await using _second = await announceBody(api.url, token, 1_000_000);
      const refused = await create(api.url, token, randomIds(10_000));
      expectRefusal(refused, tooMuch);
      expect(refused.headers["retry-after"]).toBe("2");
      expect((await create(api.url, other.token, randomIds(100))).status).toBe(200);
    }
    await eventually(async () => {
      expect((await create(api.url, token, randomIds(10_000))).status).toBe(200);
    });
  });

  test("counts answers that are not taken, and their callers are cut off after a while", async () => {
    await using api = await openAnotherApi(service, little, timeouts);
    const { token } = await service.fillShop({}, "silent");
    const path = `${COLLECTION}/${readId(await create(service.url, token, randomIds(100_000)))}/records`;
    const headers = { ...bearer(token), accept: "application/x-ndjson", connection: "keep-alive" };
    const head = requestHead(`GET ${path}`, headers);
    const unread = await Promise.all([openUnread(api.url, head), openUnread(api.url, head)]);
    try {
      await eventually(async () => expectRefusal(await create(api.url, token), tooMuch), 60_000);
      await eventually(async () => expect((await create(api.url, token)).status).toBe(200), 60_000);
    } finally {
      for (const socket of unread) socket.destroy();
    }
  });

  test("is not touched by a body without a token, which nobody asks for", async () => {
    const body = JSON.stringify({
      bulk_action: { action_type: "delete_products", record_ids: randomIds(1) },
    });
    const headers = { ...bearer("unknown"), "content-length": body.length, expect: "100-continue" };
    await using connection = await openRaw(service.url);
    await connection.write(requestHead(`POST ${COLLECTION}`, { ...headers, connection: "keep-alive" }));
    const answer = await connection.untilClosed();
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(parseAnswer(answer).headers["connection"]).toBe("close");
  });
});

/** Connections that have been told to go on with a create, and do not. */
async function announceBody(url: string, token: string, length: number): Promise<AsyncDisposable> {
  const connection = await openRaw(url);
  const type = { "content-type": "application/json", "content-length": length };
  await connection.write(
    requestHead(`POST ${COLLECTION}`, { ...bearer(token), ...type, expect: "100-continue" }),
  );
  await connection.receive("HTTP/1.1 100 Continue");
  return connection;
}

/** A caller that sees its answer begin, and reads nothing of it. */
async function openUnread(url: string, bytes: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) }).on("error", () => undefined);
  await once(socket, "connect");
  socket.write(bytes);
  await once(socket, "readable");
  return socket;
}

function list(url: string, token: string): Promise<RawAnswer> {
  return sendRaw(url, requestHead(`GET ${COLLECTION}`, bearer(token)));
}

function create(
  url: string,
  token: string,
  recordIds = randomIds(1),
  headers: Headers = {},
): Promise<RawAnswer> {
  const body = JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: recordIds } });
  const length = Buffer.byteLength(body);
  const all = { ...bearer(token), "content-type": "application/json", "content-length": length, ...headers };
  return sendRaw(url, requestHead(`POST ${COLLECTION}`, all), body);
}

function post(url: string, token: string, path: string): Promise<RawAnswer> {
  return sendRaw(url, requestHead(`POST ${COLLECTION}/${path}`, bearer(token)));
}

function readId({ body }: RawAnswer): string {
  const { id } = JSON.parse(body) as { readonly id: string };
  return id;
}

/** Waits until both APIs count on Redis, which they do once they are connected: then each knows of the other. */
async function untilCountingTogether(
  { fillShop }: TestService,
  url: string,
  otherUrl: string,
): Promise<void> {
  await eventually(async () => {
    const { token } = await fillShop({});
    const [first, second] = [await list(url, token), await list(otherUrl, token)];
    expect([countIn(first), countIn(second)]).toEqual([1, 2]);
  });
}

/** How many requests the API has counted. */
function countIn({ headers }: RawAnswer): number {
  const [, quota] = /q=(\d+)/.exec(headers["ratelimit-policy"] ?? "") ?? [];
  const [, remaining] = /r=(\d+)/.exec(headers["ratelimit"] ?? "") ?? [];
  return Number(quota) - Number(remaining);
}
