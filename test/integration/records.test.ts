import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeEndedAction } from "../support/ended-action.ts";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, requestHead, sendRaw } from "../support/raw-http.ts";
import { refuseDeletion } from "../support/refuse-deletion.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

type WireRecord = {
  readonly object: string;
  readonly record_id: string;
  readonly position: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly retriable: boolean;
};

type RecordList = {
  readonly object: string;
  readonly pagination: Readonly<Record<string, unknown>>;
  readonly data: readonly WireRecord[];
};

const NDJSON = { accept: "application/x-ndjson" };

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await openTestService({ CHUNK_SIZE: "3" });
  ({ token } = await service.fillShop({}));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("the records of a bulk action that has ended", () => {
  let id: string;
  let expected: readonly WireRecord[];
  let own: TestService;

  beforeAll(async () => {
    own = await openTestService({ CHUNK_SIZE: "3" });
    const shop = await own.fillShop({ products: 9, inUse: 2 });
    ({ token: shopToken } = shop);
    const refused = shop.productIds[5];
    await refuseDeletion(own.database, refused);
    const unknown = randomIds(3);
    // Every outcome on both sides of a border between chunks.
    const recordIds = [...unknown.slice(0, 1), ...shop.productIds, ...unknown.slice(1)];
    await own.startWorker();
    ({ id } = await own.submit(shopToken, "delete_products", recordIds));
    await own.finished(shopToken, id);
    expected = recordIds.map((recordId, position) => {
      const [outcome, code] = shop.inUseProductIds.includes(recordId)
        ? ["skipped", "record.in_use"]
        : unknown.includes(recordId)
          ? ["skipped", "record.not_found"]
          : recordId === refused
            ? ["failed", "record.internal_error"]
            : ["deleted", null];
      const message = code === null ? null : expect.stringMatching(/^[A-Z].+\.$/);
      return {
        object: "bulk_action_record",
        record_id: recordId,
        position,
        outcome,
        code,
        message,
        retriable: false,
      };
    });
  });

  let shopToken: string;

  afterAll(() => own[Symbol.asyncDispose]());

  test("are listed in the order submitted, each with what became of it and why", async () => {
    expect(await read("")).toStrictEqual({
      object: "list",
      pagination: {
        ...{ count: 12, limit: 20, page: 1, url: `/v1/bulk_actions/${id}/records` },
        next_cursor: null,
      },
      data: expected,
    });
  });

  test.each([
    ["deleted", ["deleted"]],
    ["skipped", ["skipped"]],
    ["failed", ["failed"]],
    ["skipped or failed", ["skipped", "failed"]],
    ["named twice", ["failed", "failed"]],
    ["not attempted", ["not_attempted"]],
    ["pending", ["pending"]],
  ])("are filtered by outcome, in pages of any size: %s", async (_which, outcomes) => {
    const matching = expected.filter(({ outcome }) => outcomes.includes(outcome));
    const filter = outcomes.map((outcome) => `outcome[]=${outcome}`).join("&");
    for (const limit of [1, 2, 5, 100]) {
      for (let page = 1; (page - 1) * limit <= matching.length; page += 1) {
        const { pagination, data } = await read(`?${filter}&limit=${limit}&page=${page}`);
        expect(pagination).toMatchObject({ count: matching.length, limit, page });
        expect(data).toEqual(matching.slice((page - 1) * limit, page * limit));
      }
    }
  });

  test.each([
    ["all", ""],
    ["two outcomes", "&outcome[]=skipped&outcome[]=failed"],
    ["one", "&outcome[]=failed"],
    ["none", "&outcome[]=pending"],
  ])("are read by cursor, in pages of any size: %s", async (_which, filter) => {
    const outcomes = new URLSearchParams(filter).getAll("outcome[]");
    const matching = expected.filter(({ outcome }) => outcomes.length === 0 || outcomes.includes(outcome));
    for (const limit of [1, 2, 3, 4, 12, 1_000]) {
      const pages = await walk(own, shopToken, id, `limit=${limit}${filter}`);
      expect(pages.flatMap(({ data }) => data)).toEqual(matching);
      expect(pages).toHaveLength(Math.max(1, Math.ceil(matching.length / limit)));
      for (const [index, { pagination }] of pages.entries())
        expect(pagination).toMatchObject({ count: matching.length, limit, page: index === 0 ? 1 : null });
    }
  });

  test("are read on from any page by its cursor", async () => {
    const { pagination } = await read("?limit=5&page=2");
    const { data } = await read(`?limit=5&after=${pagination["next_cursor"]}`);
    expect(data).toEqual(expected.slice(10));
  });

  test("have no cursor of another list, nor one that is spoiled or beside a page", async () => {
    const cursor = String((await read("?limit=1")).pagination["next_cursor"]);
    const other = await own.submit(shopToken, "delete_products", randomIds(2));
    const foreign = await own.request(shopToken, `/v1/bulk_actions/${other.id}/records?after=${cursor}`);
    const spoiled = [
      `B${cursor.slice(1)}`,
      cursor.slice(1),
      `${cursor}A`,
      cursor.toLowerCase(),
      "1",
      "%00",
      "=".repeat(500),
    ];
    const answers = await Promise.all(
      spoiled.map((after) => own.request(shopToken, `/v1/bulk_actions/${id}/records?after=${after}`)),
    );
    for (const response of [foreign, ...answers]) {
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        validation_errors: [{ attribute: "after", code: "bulk_action.after.invalid" }],
      });
    }
    const both = await own.request(shopToken, `/v1/bulk_actions/${id}/records?page=2&after=${cursor}`);
    expect(await both.json()).toMatchObject({ validation_errors: [{ code: "bulk_action.page.invalid" }] });
  });

  test("in pages have every id once, and are empty beyond the end", async () => {
    const pages = await Promise.all([1, 2, 3, 4, 5, 6].map((page) => read(`?limit=3&page=${page}`)));
    expect(pages.flatMap(({ data }) => data)).toEqual(expected);
    expect(pages.map(({ data }) => data.length)).toEqual([3, 3, 3, 3, 0, 0]);
    expect(await read("?page=1000000&limit=100")).toMatchObject({ pagination: { count: 12 }, data: [] });
  });

  test.each([
    ["all", ""],
    ["some", "?outcome=skipped"],
    ["none", "?outcome=pending"],
  ])("come in one answer, one a line: %s", async (_which, query) => {
    const response = await own.request(shopToken, `/v1/bulk_actions/${id}/records${query}`, {
      headers: NDJSON,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("vary")).toBe("Accept");
    const text = await response.text();
    const outcome = new URLSearchParams(query).get("outcome");
    expect(parseLines(text)).toEqual(
      expected.filter((record) => outcome === null || record.outcome === outcome),
    );
  });

  test.each([
    ["application/json", undefined],
    ["application/json", "*/*"],
    ["application/json", "text/html"],
    ["application/json", "application/x-ndjson;q=0"],
    ["application/json", "application/x-ndjson;q=0.1, application/json"],
    ["application/x-ndjson", "application/x-ndjson, */*;q=0.1"],
    ["application/x-ndjson", "APPLICATION/X-NDJSON"],
  ])("are %s for a caller that accepts %s", async (type, accept) => {
    const head = requestHead(`GET /v1/bulk_actions/${id}/records`, {
      ...bearer(shopToken),
      ...(accept !== undefined && { accept }),
    });
    expect((await sendRaw(own.url, head)).headers["content-type"]).toMatch(type);
  });

  async function read(query: string): Promise<RecordList> {
    const response = await own.request(shopToken, `/v1/bulk_actions/${id}/records${query}`);
    expect(response.status).toBe(200);
    return (await response.json()) as RecordList;
  }
});

test("streams of one account read one step at a time, however many there are, and another account's do not wait", async () => {
  await using own = await openTestService();
  const [many, other] = [await own.fillShop({}, "many"), await own.fillShop({}, "other")];
  const ids = {
    many: await writeEndedAction(own.database, many.accountId, 1_000),
    other: await writeEndedAction(own.database, other.accountId, 1_000),
  };
  const locker = new pg.Client({ connectionString: own.database.url });
  await locker.connect();
  try {
    await locker.query("BEGIN; LOCK TABLE bulk.bulk_action_chunks");
    const open = (shopToken: string, id: string) =>
      own.request(shopToken, `/v1/bulk_actions/${id}/records`, { headers: NDJSON });
    const streams = Array.from({ length: 8 }, () => open(many.token, ids.many));
    // Comes last, so all others have been begun when this one reads.
    streams.push(open(other.token, ids.other));
    const findWaiting = () =>
      own.database.query(
        "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'bulk.bulk_action_chunks'::regclass",
      );
    await eventually(async () => expect(await findWaiting()).toHaveLength(2));
    expect((await own.request(other.token, "/v1/webhook_endpoints")).status).toBe(200);
    expect(await findWaiting()).toHaveLength(2);
    await locker.query("ROLLBACK");
    // The API may have given up waiting for the lock.
    for (const answer of await Promise.all(streams)) {
      const lines = (await answer.text()).trim().split("\n");
      expect([answer.status, lines.length]).toEqual(answer.status === 503 ? [503, 1] : [200, 1_000]);
    }
  } finally {
    await locker.end();
  }
});

describe("the records of a bulk action that is open", () => {
  test("are pending until they have an outcome, and not attempted if it ends before", async () => {
    const recordIds = randomIds(5);
    const { id } = await service.submit(token, "delete_products", recordIds);
    await service.database.query(
      `UPDATE bulk.bulk_action_chunks SET done_count = 1, deleted_count = 1 WHERE bulk_action_id = $1 AND position = 0`,
      [id],
    );
    const pending = { code: null, message: null, retriable: false };
    expect(await streamRecords(id)).toMatchObject(
      recordIds.map((recordId, index) => ({
        record_id: recordId,
        outcome: index === 0 ? "deleted" : "pending",
        ...pending,
      })),
    );
    expect(await countRecords(id, "pending")).toBe(4);
    expect(await countRecords(id, "not_attempted")).toBe(0);

    await service.database.query(
      "UPDATE bulk.bulk_actions SET status = 'completed', cancel_requested_at = now(), finished_at = now() WHERE id = $1",
      [id],
    );
    const untouched = { outcome: "not_attempted", code: "record.not_attempted", retriable: true };
    expect(await streamRecords(id)).toMatchObject([{ outcome: "deleted" }, ...Array(4).fill(untouched)]);
    expect(await countRecords(id, "pending")).toBe(0);
    expect(await countRecords(id, "not_attempted")).toBe(4);
  });

  test("come a thousand on a page", async () => {
    const recordIds = randomIds(2_500);
    const { id } = await service.submit(token, "delete_products", recordIds);
    const pages = await walk(service, token, id, "limit=1000");
    expect(pages.map(({ data }) => data.length)).toEqual([1_000, 1_000, 500]);
    expect(pages.flatMap(({ data }) => data.map(({ record_id }) => record_id))).toEqual(recordIds);
  });

  test("are told each exactly once, in a stream and by cursor, however often they change meanwhile", async () => {
    await using own = await openTestService({ CHUNK_SIZE: "3" });
    const shop = await own.fillShop({ products: 1_200, inUse: 100 });
    const { id } = await own.submit(shop.token, "delete_products", shop.productIds);
    await own.startWorker();
    const seen = new Set<string>();
    for (let isOpen = true; isOpen; ) {
      const response = await own.request(shop.token, `/v1/bulk_actions/${id}/records`, { headers: NDJSON });
      const records = parseLines(await response.text());
      expect(records.map((record) => record.record_id)).toEqual(shop.productIds);
      expect(records.map((record) => record.position)).toEqual(shop.productIds.map((_id, index) => index));
      for (const { outcome } of records) seen.add(outcome);
      const pages = await walk(own, shop.token, id, "limit=97");
      expect(pages.flatMap(({ data }) => data.map(({ record_id }) => record_id))).toEqual(shop.productIds);
      const skipped = (await walk(own, shop.token, id, "limit=9&outcome[]=skipped")).flatMap(
        ({ data }) => data,
      );
      expect(new Set(skipped.map(({ record_id }) => record_id)).size).toBe(skipped.length);
      isOpen = records.some(({ outcome }) => outcome === "pending");
    }
    expect([...seen].sort()).toEqual(["deleted", "pending", "skipped"]);
    await own.finished(shop.token, id);
  });
});

describe("the records of nobody's bulk action", () => {
  test.each(["unknown", "foreign", "malformed"])("are not found: %s", async (kind) => {
    const other = await service.fillShop({}, "another");
    const foreign = await service.submit(other.token, "delete_products", randomIds(3));
    const id = { unknown: randomUUID(), foreign: foreign.id, malformed: "42" }[kind];
    for (const [query, headers] of [
      ["", {}],
      ["?outcome=skipped&page=2", {}],
      ["", NDJSON],
      ["?outcome=pending", NDJSON],
    ] as const) {
      const response = await service.request(token, `/v1/bulk_actions/${id}/records${query}`, { headers });
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(await response.json()).toMatchObject({ code: "bulk_action.not_found" });
      const init = { method: "HEAD", headers };
      const head = await service.request(token, `/v1/bulk_actions/${id}/records${query}`, init);
      expect([head.status, await head.text()]).toEqual([404, ""]);
    }
  });
});

test.each([
  ["outcome", ["succeeded", "Deleted", "deleted,skipped"]],
  ["limit", ["0", "1001", "x"]],
  ["page", ["0", "1000001"]],
])("a %s that is not allowed is refused by name", async (attribute, values) => {
  const { id } = await service.submit(token, "delete_products", randomIds(1));
  for (const value of values) {
    const response = await service.request(token, `/v1/bulk_actions/${id}/records?${attribute}=${value}`);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      validation_errors: [{ attribute, code: `bulk_action.${attribute}.inclusion` }],
    });
  }
});

test("everything that was skipped is in skipped_record_ids, in order, over five hundred chunks", async () => {
  await using own = await openTestService({ CHUNK_SIZE: "10" });
  const shop = await own.fillShop({ products: 500 });
  const unknown = randomIds(4_500);
  // One of ten is there.
  const recordIds = unknown.flatMap((id, index) =>
    index % 9 === 0 ? [shop.productIds[index / 9] ?? "", id] : [id],
  );
  const { id } = await own.submit(shop.token, "delete_products", recordIds);
  await own.startWorker();
  const ended = await own.finished(shop.token, id);
  expect(ended.status).toBe("succeeded");
  expect(ended.record_ids.join() === recordIds.join()).toBe(true);
  expect(ended.skipped_record_ids.join() === unknown.join()).toBe(true);
});

/** All pages from the first on, each by the cursor of the one before. */
async function walk(
  from: TestService,
  caller: string,
  id: string,
  query: string,
): Promise<readonly RecordList[]> {
  const pages: RecordList[] = [];
  for (let after = ""; ; ) {
    const response = await from.request(caller, `/v1/bulk_actions/${id}/records?${query}${after}`);
    expect(response.status).toBe(200);
    const page = (await response.json()) as RecordList;
    pages.push(page);
    if (page.pagination["next_cursor"] === null) return pages;
    after = `&after=${page.pagination["next_cursor"]}`;
  }
}

async function streamRecords(id: string): Promise<readonly WireRecord[]> {
  const response = await service.request(token, `/v1/bulk_actions/${id}/records`, { headers: NDJSON });
  return parseLines(await response.text());
}

async function countRecords(id: string, outcome: string): Promise<number> {
  const response = await service.request(token, `/v1/bulk_actions/${id}/records?outcome=${outcome}&limit=1`);
  const { pagination } = (await response.json()) as { pagination: { count: number } };
  return pagination.count;
}

function parseLines(text: string): readonly WireRecord[] {
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as WireRecord);
}
