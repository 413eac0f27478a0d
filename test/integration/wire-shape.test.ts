import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

type WireList = {
  readonly object: string;
  readonly pagination: { readonly count: number; readonly limit: number; readonly page: number };
  readonly data: readonly WireAction[];
};

/** Exactly the keys of the base contract, and nothing of the wrong type behind any of them. */
const WIRE_ACTION = {
  id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  object: "bulk_action",
  action_type: expect.stringMatching(/^delete_(products|customers)$/),
  record_ids: expect.any(Array),
  skipped_record_ids: expect.any(Array),
  status: expect.stringMatching(/^(pending|processing|succeeded|completed|invalid)$/),
  created_at: expect.toSatisfy(isUnixSeconds, "recent whole Unix seconds"),
  updated_at: expect.toSatisfy(isUnixSeconds, "recent whole Unix seconds"),
};

describe("a bulk action on the wire", () => {
  test.each(["delete_products", "delete_customers"])(
    "of type %s is answered whole by create",
    async (type) => {
      await using service = await openTestService();
      const { token } = await service.fillShop({});
      const recordIds = randomIds(50);

      const response = await service.request(token, "/v1/bulk_actions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ bulk_action: { action_type: type, record_ids: recordIds } }),
      });

      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(await response.json()).toStrictEqual({
        ...WIRE_ACTION,
        action_type: type,
        record_ids: recordIds,
        skipped_record_ids: [],
        status: expect.stringMatching(/^(pending|processing)$/),
      });
    },
  );

  test("is the same in create, retrieve and list", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "7" });
    const { token } = await service.fillShop({});

    const created = await service.submit(token, "delete_products", randomIds(50));

    expect(await service.retrieve(token, created.id)).toStrictEqual(created);
    expect((await list(service, token)).data).toStrictEqual([created]);
  });

  test("that has ended names what was skipped, in the order submitted", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "3" });
    await service.startWorker();
    const { token, productIds } = await service.fillShop({ products: 4 });
    const unknown = randomIds(8);
    const recordIds = [...unknown.slice(0, 5), ...productIds, ...unknown.slice(5)];

    const { id } = await service.submit(token, "delete_products", recordIds);
    const ended = await service.finished(token, id);

    expect(ended).toStrictEqual({
      ...WIRE_ACTION,
      id,
      record_ids: recordIds,
      skipped_record_ids: unknown,
      status: "succeeded",
    });
    expect(ended.updated_at).toBeGreaterThanOrEqual(ended.created_at);
    expect((await list(service, token)).data).toStrictEqual([ended]);
  });

  test.each(["pending", "processing", "succeeded", "completed", "invalid"])(
    "has arrays and whole seconds while %s, before anything was skipped",
    async (status) => {
      await using service = await openTestService();
      const { token } = await service.fillShop({});
      const { id } = await service.submit(token, "delete_customers", randomIds(1));
      await service.database.query(
        "UPDATE bulk.bulk_actions SET status = $1, updated_at = created_at + interval '999 milliseconds'",
        [status],
      );

      const expected = { ...WIRE_ACTION, id, status, skipped_record_ids: [] };
      expect(await service.retrieve(token, id)).toStrictEqual(expected);
      expect((await list(service, token)).data).toStrictEqual([expected]);
    },
  );

  test("is found by its id in upper case too", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const created = await service.submit(token, "delete_products", randomIds(1));

    expect(await service.retrieve(token, created.id.toUpperCase())).toStrictEqual(created);
    expect((await list(service, token, `?ids[]=${created.id.toUpperCase()}`)).data).toStrictEqual([created]);
  });
});

describe("a list", () => {
  let service: TestService;
  let token: string;
  /** Oldest first; last updated in another order. */
  let ids: readonly string[];
  let byUpdate: readonly string[];
  let foreignId: string;

  beforeAll(async () => {
    service = await openTestService();
    ({ token } = await service.fillShop({}));
    ids = await submitMany(service, token, 25);
    byUpdate = [...ids.slice(10), ...ids.slice(0, 10)];
    await spreadTimes(service, "created_at", ids);
    await spreadTimes(service, "updated_at", byUpdate);
    const other = await service.fillShop({}, "another");
    foreignId = (await service.submit(other.token, "delete_products", randomIds(1))).id;
  });

  afterAll(() => service[Symbol.asyncDispose]());

  test("of nothing is an empty envelope, exactly", async () => {
    const empty = await service.fillShop({}, "empty");
    const response = await service.request(empty.token, "/v1/bulk_actions");

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await response.json()).toStrictEqual({
      object: "list",
      pagination: { count: 0, limit: 20, page: 1, url: "/v1/bulk_actions" },
      data: [],
    });
  });

  test("is the newest twenty of the account's own unless told otherwise", async () => {
    expect(await list(service, token)).toStrictEqual({
      object: "list",
      pagination: { count: 25, limit: 20, page: 1, url: "/v1/bulk_actions" },
      data: [...ids]
        .reverse()
        .slice(0, 20)
        .map((id) => ({ ...WIRE_ACTION, id })),
    });
  });

  test("in pages has everything once, and is empty beyond the end", async () => {
    const pages = await Promise.all(
      [1, 2, 3, 4, 5].map((page) => list(service, token, `?limit=8&page=${page}`)),
    );

    expect(pages.map(({ pagination }) => pagination)).toEqual(
      [1, 2, 3, 4, 5].map((page) => ({ count: 25, limit: 8, page, url: "/v1/bulk_actions" })),
    );
    expect(pages.map(({ data }) => data.length)).toEqual([8, 8, 8, 1, 0]);
    expect(pages.flatMap(idsOf)).toEqual([...ids].reverse());
  });

  test.each([1, 100])("takes a limit of %i", async (limit) => {
    const { pagination, data } = await list(service, token, `?limit=${limit}`);
    expect(pagination).toMatchObject({ count: 25, limit, page: 1 });
    expect(data).toHaveLength(Math.min(limit, 25));
  });

  test("takes an empty parameter for one that is not there", async () => {
    expect(await list(service, token, "?limit=&page=&sort=")).toEqual(await list(service, token));
  });

  test("is sorted in all four ways", async () => {
    async function sorted(sort: string): Promise<readonly string[]> {
      return idsOf(await list(service, token, `?limit=100&sort=${sort}`));
    }
    expect(await sorted("created_at:asc")).toEqual(ids);
    expect(await sorted("created_at:desc")).toEqual([...ids].reverse());
    expect(await sorted("updated_at:asc")).toEqual(byUpdate);
    expect(await sorted("updated_at%3Adesc")).toEqual([...byUpdate].reverse());
  });

  test.each([
    ["ids[]", (id: string) => `ids[]=${id}`],
    ["ids%5B%5D", (id: string) => `ids%5B%5D=${id}`],
    ["ids%5b%5d", (id: string) => `ids%5b%5d=${id}`],
    ["ids[0]", (id: string, index: number) => `ids[${index}]=${id}`],
    ["ids%5B0%5D", (id: string, index: number) => `ids%5B${index}%5D=${id}`],
  ])("is filtered by %s=", async (_spelling, spell) => {
    const [, second = "", , fourth = ""] = ids;
    const { pagination, data } = await list(service, token, `?${[second, fourth].map(spell).join("&")}`);
    expect(pagination).toEqual({ count: 2, limit: 20, page: 1, url: "/v1/bulk_actions" });
    expect(data.map(({ id }) => id)).toEqual([fourth, second]);
  });

  test("filtered by ids is paged and counted like any other", async () => {
    const filter = ids.map((id) => `ids[]=${id}`).join("&");
    const { pagination, data } = await list(service, token, `?${filter}&limit=10&page=3`);
    expect(pagination).toMatchObject({ count: 25, limit: 10, page: 3 });
    expect(data).toHaveLength(5);
  });

  test("has no unknown, foreign or malformed id, and no error for one", async () => {
    const [known = ""] = ids;
    const others = [randomUUID(), foreignId, "42", "", `${known}0`, "%FF", "';--"];
    const filter = [known, ...others].map((id) => `ids[]=${id}`).join("&");
    expect(idsOf(await list(service, token, `?${filter}`))).toEqual([known]);
  });

  test.each(["unknown", "malformed", "foreign"])(
    "filtered by %s ids alone is empty, not everything",
    async (kind) => {
      const id = { unknown: randomUUID(), malformed: "42", foreign: foreignId }[kind];
      const { pagination, data } = await list(service, token, `?ids[]=${id}`);
      expect({ pagination, data }).toEqual({
        pagination: { count: 0, limit: 20, page: 1, url: "/v1/bulk_actions" },
        data: [],
      });
    },
  );

  test.each([
    ["limit", ["0", "101", "-1", "1.5", "1e1", "+5", "ten", "99999999999999999999"]],
    ["page", ["0", "-1", "1.5", "two", "1000001", "99999999999999999999"]],
    ["sort", ["created_at", "created_at:up", "id:asc", "created_at:asc;--", "status:desc"]],
  ])("with a %s that is not allowed is refused by name", async (attribute, values) => {
    for (const value of values) {
      const response = await service.request(
        token,
        `/v1/bulk_actions?${attribute}=${encodeURIComponent(value)}`,
      );
      expect(response.status, value).toBe(422);
      expect(await response.json()).toStrictEqual({
        http_status: "unprocessable_entity",
        type: "invalid",
        code: "bulk_action.invalid",
        message: expect.stringMatching(new RegExp(`^${attribute} must be `)),
        validation_errors: [
          {
            attribute,
            type: "inclusion",
            code: `bulk_action.${attribute}.inclusion`,
            options: expect.any(Object),
            message: expect.stringMatching(/^must be /),
          },
        ],
        request_id: response.headers.get("request-id"),
      });
    }
  });

  test("names every parameter that is not allowed", async () => {
    const response = await service.request(token, "/v1/bulk_actions?limit=0&page=0&sort=x");
    const { validation_errors: errors } = (await response.json()) as {
      validation_errors: readonly { readonly attribute: string }[];
    };
    expect(errors.map(({ attribute }) => attribute)).toEqual(["limit", "page", "sort"]);
  });
});

describe("a list by ids", () => {
  test("right after create has what was created", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const misses = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { id } = await service.submit(token, "delete_products", randomIds(3));
        const { pagination, data } = await list(service, token, `?ids%5B%5D=${id}&limit=100`);
        return pagination.count === 1 && data[0]?.id === id ? [] : [id];
      }),
    );
    expect(misses.flat()).toEqual([]);
  });

  test("is complete when its bulk actions carry more ids together than are held in memory", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const sizes = [60_000, 10, 60_000, 100_000, 1];
    const submitted: WireAction[] = [];
    for (const size of sizes) submitted.push(await service.submit(token, "delete_products", randomIds(size)));

    const { pagination, data } = await list(service, token, "?sort=created_at:asc");

    expect(pagination).toMatchObject({ count: sizes.length });
    expect(data.map(({ record_ids }) => record_ids.length)).toEqual(sizes);
    // Compared as text: a difference among 220,000 ids is nothing to print.
    expect(JSON.stringify(data) === JSON.stringify(submitted)).toBe(true);
  });
});

function isUnixSeconds(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(Number(value) - Date.now() / 1000) < 3600;
}

async function list(service: TestService, token: string, query = ""): Promise<WireList> {
  const response = await service.request(token, `/v1/bulk_actions${query}`);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as WireList;
}

function idsOf({ data }: WireList): readonly string[] {
  return data.map(({ id }) => id);
}

async function submitMany(service: TestService, token: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    ids.push((await service.submit(token, "delete_products", randomIds(1))).id);
  }
  return ids;
}

/** Puts a minute between each two, the last one now. */
async function spreadTimes(
  service: TestService,
  column: "created_at" | "updated_at",
  ids: readonly string[],
): Promise<void> {
  await service.database.query(
    `UPDATE bulk.bulk_actions SET ${column} = now() - (cardinality($1::uuid[]) - array_position($1, id)) * interval '1 minute'
     WHERE id = ANY($1)`,
    [ids],
  );
}
