import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
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
import { everyCall, expectNothingWritten, expectRefusal } from "../support/refusal.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

// What a real client was seen to do (SureCart's WordPress plugin 4.6.6), byte by byte.

const COLLECTION = "/v1/bulk_actions";
const FORM = "application/x-www-form-urlencoded";
/** It gives up after this. */
const PATIENCE_MS = 20_000;

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await openTestService();
  ({ token } = await service.fillShop({}));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("a client that only polls the list by ids", () => {
  test("finds what it has just created, and sees it end", async () => {
    await using own = await openTestService();
    const shop = await own.fillShop({ products: 40, inUse: 4 });
    const first = await create(own.url, shop.token, shop.productIds);
    const second = await create(own.url, shop.token, randomIds(3));

    expect(await poll(own, shop.token, first.id, second.id)).toStrictEqual([second, first]);

    await own.startWorker();
    const ended = await eventually(async () => {
      const polled = await poll(own, shop.token, first.id, second.id);
      expect(polled.map(({ status }) => status)).toEqual(["invalid", "completed"]);
      return polled;
    });
    expect(ended).toMatchObject([
      { id: second.id, record_ids: second.record_ids, skipped_record_ids: second.record_ids },
      { id: first.id, record_ids: shop.productIds, skipped_record_ids: shop.inUseProductIds },
    ]);
  });

  test("finds a hundred at once", async () => {
    const ids = await Promise.all(
      Array.from({ length: 100 }, async () => (await create(service.url, token, randomIds(1))).id),
    );
    const polled = await poll(service, token, ...ids);
    expect(polled.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  test("still finds after a day what ended long before, while the sweeper prunes", async () => {
    await using own = await openTestService();
    const shop = await own.fillShop({});
    await own.startWorker({ SWEEP_INTERVAL_MS: "100" });
    const [kept, pruned] = [
      await create(own.url, shop.token, randomIds(1)),
      await create(own.url, shop.token, randomIds(1)),
    ];
    for (const { id } of [kept, pruned]) await own.finished(shop.token, id);
    for (const [id, age] of [
      [kept.id, "25 hours"],
      [pruned.id, "31 days"],
    ]) {
      await own.database.query(
        "UPDATE bulk.bulk_actions SET finished_at = now() - $2::interval, created_at = now() - $2::interval WHERE id = $1",
        [id, age],
      );
    }
    await eventually(async () => {
      expect((await poll(own, shop.token, kept.id, pruned.id)).map(({ id }) => id)).toEqual([kept.id]);
    });
  });
});

describe("a client to which only 200 and 201 are success", () => {
  test("gets 200 for every create, the same again and at once included", async () => {
    const ids = randomIds(10);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => sendJson(service.url, token, bulkAction([...ids, ...ids]))),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => JSON.parse(body).id)).size).toBe(10);
  });
});

describe("a client that deletes its token on 401, and sends a create again, encoded twice, on 409", () => {
  test("gets 400 for a body that is a JSON string, and nothing comes of it", async () => {
    await using own = await openTestService();
    const shop = await own.fillShop({ products: 3 });

    const answer = await sendJson(own.url, shop.token, JSON.stringify(bulkAction(shop.productIds)));

    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "bulk_action.missing" });
    await expectNothingWritten(own);
  });

  test("gets neither with a good token, whatever it sends", async () => {
    const answers = [
      ...(await everyCall(service.url, bearer(token))),
      await sendJson(service.url, token, {}),
      await sendJson(service.url, token, bulkAction([])),
      await sendJson(service.url, token, bulkAction(["nonsense"])),
      await sendRaw(service.url, requestHead("GET /nowhere", bearer(token))),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 200, 404, 400, 422, 422, 404]);
  });
});

describe("a client that crashes on what it does not expect", () => {
  test("finds record_ids and one of the five statuses in every item, whatever became of it", async () => {
    await using own = await openTestService({ CHUNK_SIZE: "2" });
    const shop = await own.fillShop({ products: 6, inUse: 3 });
    const submitted = [
      await create(own.url, shop.token, shop.productIds),
      await create(own.url, shop.token, shop.inUseProductIds),
      await create(own.url, shop.token, randomIds(5)),
    ];
    const ids = submitted.map(({ id }) => id);
    const seen = new Set<string>();
    async function look(): Promise<void> {
      for (const item of await poll(own, shop.token, ...ids)) {
        expect(item.record_ids).toEqual(submitted.find(({ id }) => id === item.id)?.record_ids);
        expect(item.skipped_record_ids).toBeInstanceOf(Array);
        seen.add(item.status);
      }
    }
    await look();
    await own.startWorker();
    await eventually(async () => {
      await look();
      expect(seen).toContain("invalid");
      expect(seen).toContain("completed");
    });
    const five = ["pending", "processing", "succeeded", "completed", "invalid"];
    expect([...seen].filter((status) => !five.includes(status))).toEqual([]);
  });
});

describe("a client on WordPress' HTTP library", () => {
  test("may send a content type on a GET without a body, and is hung up on as it asks", async () => {
    await using connection = await openRaw(service.url);
    await connection.write(pollHead(token, randomUUID()));
    const { status, headers, body } = parseAnswer(await connection.untilClosed());
    expect({ status, connection: headers["connection"] }).toEqual({ status: 200, connection: "close" });
    expect(JSON.parse(body)).toMatchObject({ object: "list", data: [] });
  });

  test("is told to go on with 30,000 ids before it sends them", { timeout: PATIENCE_MS }, async () => {
    const ids = randomIds(30_000);
    const body = JSON.stringify(bulkAction(ids));
    expect(body.length).toBeGreaterThan(1024 * 1024);
    await using connection = await openRaw(service.url);

    await connection.write(createHead(token, body, { expect: "100-continue" }));
    await connection.receive("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.write(body);

    expectCreated(parseAnswer(await connection.untilClosed()), ids);
  });

  test("is answered with 401 in the end when it expects to go on with a bad token", async () => {
    const body = JSON.stringify(bulkAction(randomIds(30_000)));
    const answer = await sendRaw(service.url, createHead("wrong", body, { expect: "100-continue" }), body);
    expectRefusal(answer, { status: 401, httpStatus: "unauthorized", code: "unauthorized" });
  });
});

describe("a client that sends as many ids as may be", () => {
  const tooLong = { status: 422, httpStatus: "unprocessable_entity", code: "bulk_action.invalid" };

  test("has all 100,000 taken, written tightly or widely", { timeout: PATIENCE_MS }, async () => {
    const ids = randomIds(100_000);
    const tight = JSON.stringify(bulkAction(ids));
    const wide = JSON.stringify(bulkAction(ids), undefined, 8);
    for (const body of [tight, wide]) {
      expectCreated(await sendRaw(service.url, createHead(token, body), body), ids);
    }
  });

  test("has 100,001 refused", async () => {
    const ids = randomIds(100_001);
    for (const answer of [
      await sendJson(service.url, token, bulkAction(ids)),
      await sendForm(ids, (index) => `bulk_action%5Brecord_ids%5D%5B${index}%5D`),
    ]) {
      const { validation_errors: faults } = expectRefusal(answer, tooLong);
      expect(faults).toMatchObject([
        { code: "bulk_action.record_ids.too_long", options: { count: 100_000 } },
      ]);
    }
  });
});

describe("a client that sends forms", () => {
  test.each([
    ["bulk_action[record_ids][]", 30_000],
    ["bulk_action%5Brecord_ids%5D%5B%5D", 30_000],
    ["bulk_action[record_ids][0]", 30_000],
    ["bulk_action%5Brecord_ids%5D%5B0%5D", 100_000],
  ])("as %s has all %i ids taken, in order", { timeout: PATIENCE_MS }, async (name, count) => {
    const ids = randomIds(count);
    expectCreated(await sendForm(ids, (index) => name.replace("0", String(index))), ids);
  });

  test("may name the charset", async () => {
    const ids = randomIds(2);
    const headers = { "content-type": `${FORM}; charset=UTF-8` };
    expectCreated(await sendForm(ids, () => "bulk_action[record_ids][]", headers), ids);
  });
});

function bulkAction(recordIds: readonly string[]) {
  return { bulk_action: { action_type: "delete_products", record_ids: recordIds } };
}

function pollHead(secret: string, ...ids: readonly string[]): string {
  const filter = ids.map((id) => `ids%5B%5D=${id}`).join("&");
  return requestHead(`GET ${COLLECTION}?${filter}&limit=100`, {
    ...bearer(secret),
    "user-agent": "WordPress/6.8; https://shop.test",
    accept: "*/*",
    "content-type": "application/json",
    connection: "close",
  });
}

async function poll(
  own: TestService,
  secret: string,
  ...ids: readonly string[]
): Promise<readonly WireAction[]> {
  const answer = await sendRaw(own.url, pollHead(secret, ...ids));
  expect(answer.status, answer.body).toBe(200);
  const list = JSON.parse(answer.body) as { readonly data: readonly WireAction[] };
  return list.data;
}

function createHead(secret: string, body: string, headers: Headers = {}): string {
  return requestHead(`POST ${COLLECTION}`, {
    ...bearer(secret),
    accept: "*/*",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
}

function sendJson(url: string, secret: string, value: unknown): Promise<RawAnswer> {
  const body = JSON.stringify(value);
  return sendRaw(url, createHead(secret, body), body);
}

function sendForm(
  ids: readonly string[],
  nameAt: (index: number) => string,
  headers: Headers = { "content-type": FORM },
): Promise<RawAnswer> {
  const pairs = ids.map((id, index) => `${nameAt(index)}=${id}`);
  const body = `bulk_action[action_type]=delete_products&${pairs.join("&")}`;
  return sendRaw(service.url, createHead(token, body, headers), body);
}

async function create(url: string, secret: string, recordIds: readonly string[]): Promise<WireAction> {
  const answer = await sendJson(url, secret, bulkAction(recordIds));
  expectCreated(answer, recordIds);
  return JSON.parse(answer.body) as WireAction;
}

function expectCreated({ status, body }: RawAnswer, recordIds: readonly string[]): void {
  expect(status, body.slice(0, 1_000)).toBe(200);
  const action = JSON.parse(body) as WireAction;
  expect(action.record_ids).toHaveLength(recordIds.length);
  // Compared as one: a difference among 100,000 ids is nothing to print.
  expect(action.record_ids.join() === recordIds.join()).toBe(true);
}
