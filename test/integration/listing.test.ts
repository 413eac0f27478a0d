import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomIds } from "../support/random-ids.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** Seconds. */
const NOON = 1_700_000_000;

/** One action a second from noon on, the last two in the same one; oldest first. */
const ACTIONS = [
  { type: "delete_products", status: "succeeded" },
  { type: "delete_customers", status: "invalid" },
  { type: "delete_products", status: "completed" },
  { type: "delete_customers", status: "processing" },
  { type: "delete_products", status: "pending" },
  { type: "delete_products", status: "succeeded" },
] as const;

let service: TestService;
let token: string;
let ids: readonly string[];

beforeAll(async () => {
  service = await openTestService();
  ({ token } = await service.fillShop({}));
  const created: string[] = [];
  for (const [index, { type, status }] of ACTIONS.entries()) {
    const { id } = await service.submit(token, type, randomIds(1));
    created.push(id);
    await service.database.query(
      "UPDATE bulk.bulk_actions SET status = $2, created_at = to_timestamp($3::float8) WHERE id = $1",
      [id, status, NOON + (index < 5 ? index : 4.5)],
    );
  }
  ids = created;
  const other = await service.fillShop({}, "another");
  await service.submit(other.token, "delete_products", randomIds(1));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("a list", () => {
  test.each<[string, string, readonly number[]]>([
    ["one status", "status[]=succeeded", [5, 0]],
    ["one of two statuses", "status[]=pending&status[]=processing", [4, 3]],
    ["a status without brackets", "status=invalid", [1]],
    ["a type", "action_type=delete_customers", [3, 1]],
    ["a type and a status", "action_type=delete_products&status[]=completed", [2]],
    ["creation in a second or later", `created_after=${NOON + 3}`, [5, 4, 3]],
    ["creation before a second", `created_before=${NOON + 3}`, [2, 1, 0]],
    ["creation in one second", `created_after=${NOON + 4}&created_before=${NOON + 5}`, [5, 4]],
    ["creation never", `created_after=${NOON + 5}&created_before=${NOON}`, []],
    ["creation at any time", "created_after=0&created_before=9999999999", [5, 4, 3, 2, 1, 0]],
    ["everything at once", `status=succeeded&action_type=delete_products&created_after=${NOON + 1}`, [5]],
    ["another order", "status[]=succeeded&sort=created_at:asc", [0, 5]],
    ["empty parameters", "action_type=&created_after=&created_before=", [5, 4, 3, 2, 1, 0]],
  ])("is narrowed down by %s, and counted so", async (_what, query, expected) => {
    for (const limit of [1, 2, 100]) {
      const { pagination, data } = await list(`?${query}&limit=${limit}`);
      expect(pagination).toEqual({ count: expected.length, limit, page: 1, url: "/v1/bulk_actions" });
      expect(data.map(({ id }) => ids.indexOf(id))).toEqual(expected.slice(0, limit));
    }
  });

  test("is narrowed down by ids and by the rest together", async () => {
    const filter = ids.slice(0, 3).map((id) => `ids[]=${id}`);
    const { pagination, data } = await list(`?${filter.join("&")}&action_type=delete_products`);
    expect(pagination.count).toBe(2);
    expect(data.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
  });

  test.each<[string, readonly string[]]>([
    ["status[]", ["done", "Succeeded", "succeeded,invalid"]],
    ["action_type", ["delete_everything", "DELETE_PRODUCTS"]],
    ["created_after", ["yesterday", "-1", "1.5", "1e9", "2023-11-14", `${NOON}000`]],
    ["created_before", ["yesterday", `${NOON}000`]],
  ])("with a %s that is not allowed is refused by name", async (parameter, values) => {
    const attribute = parameter.replace("[]", "");
    for (const value of values) {
      const response = await service.request(token, `/v1/bulk_actions?${parameter}=${value}`);
      expect(response.status, value).toBe(422);
      expect(await response.json()).toMatchObject({
        code: "bulk_action.invalid",
        validation_errors: [{ attribute, type: "inclusion", code: `bulk_action.${attribute}.inclusion` }],
      });
    }
  });
});

describe("a page", () => {
  const COUNT = 23;
  let shopToken: string;
  let oldestFirst: readonly string[];

  beforeAll(async () => {
    const shop = await service.fillShop({}, "many");
    shopToken = shop.token;
    // Three in each second, so that ids decide as well.
    const rows = await service.database.query<{ id: string }>(
      `INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, created_at)
       SELECT $1, 'delete_products', 1, to_timestamp(n / 3) FROM generate_series(1, $2::int) AS n
       RETURNING id, created_at`,
      [shop.accountId, COUNT],
    );
    const sorted = await service.database.query<{ id: string }>(
      "SELECT id FROM bulk.bulk_actions WHERE account_id = $1 ORDER BY created_at, id",
      [shop.accountId],
    );
    expect(rows).toHaveLength(COUNT);
    oldestFirst = sorted.map(({ id }) => id);
  });

  test.each([1, 4, 5, 23, 24])("of %i has the same order from whichever end it is read", async (limit) => {
    for (const sort of ["created_at:asc", "created_at:desc"]) {
      const expected = sort === "created_at:asc" ? oldestFirst : oldestFirst.toReversed();
      for (let page = 1; (page - 2) * limit < COUNT; page += 1) {
        const { pagination, data } = await list(`?limit=${limit}&page=${page}&sort=${sort}`, shopToken);
        expect(pagination).toMatchObject({ count: COUNT, page });
        expect(data.map(({ id }) => id)).toEqual(expected.slice((page - 1) * limit, page * limit));
      }
    }
  });
});

type List = {
  readonly pagination: { readonly count: number };
  readonly data: readonly { readonly id: string }[];
};

async function list(query: string, caller = token): Promise<List> {
  const response = await service.request(caller, `/v1/bulk_actions${query}`);
  expect(response.status, query).toBe(200);
  return (await response.json()) as List;
}
