import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeclaredService, openDeclaredService } from "../support/declared-service.ts";

// A column of each type, with values on both sides of what is compared, and without a value.
const TABLES = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.item (
    id int PRIMARY KEY, owner text NOT NULL, label varchar(50), ref uuid, small smallint, whole integer, big bigint,
    price numeric(20, 4), active boolean, day date, local_at timestamp(3), at timestamptz);
  CREATE TABLE shop.note (id int PRIMARY KEY, item_id int, kind text NOT NULL);
  CREATE INDEX ON shop.note (item_id);
  INSERT INTO shop.item VALUES
    (1, '7', 'a', '00000000-0000-4000-8000-000000000001', -1, -1, -9007199254740993, -0.5, false, '2021-12-31', '2021-12-31T23:59:59.999', '2021-12-31T23:59:59.999999Z'),
    (2, '7', 'b', '00000000-0000-4000-8000-000000000002', 0, 0, 0, 0, true, '2022-01-01', '2022-01-01T00:00:00', '2022-01-01T00:00:00Z'),
    (3, '7', 'it''s', '00000000-0000-4000-8000-000000000003', 5, 5, 9007199254740993, 12.5000, true, '2022-02-28', '2022-01-01T00:00:00.001', '2022-01-01T00:00:00.000001Z'),
    (4, '7', '', '00000000-0000-4000-8000-000000000004', 32767, 2147483647, 9223372036854775807, 9999999999999999.9999, false, '9999-12-31', '9999-12-31T00:00:00', '9999-12-31T00:00:00Z'),
    (5, '7', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (6, '8', 'b', '00000000-0000-4000-8000-000000000002', 0, 0, 0, 0, true, '2022-01-01', '2022-01-01T00:00:00', '2022-01-01T00:00:00Z');
  INSERT INTO shop.note VALUES (1, 1, 'public'), (2, 2, 'secret'), (3, 6, 'public'), (4, NULL, 'public');`;

const COLUMNS = {
  id: "integer",
  label: "text",
  ref: "uuid",
  small: "smallint",
  whole: "integer",
  big: "bigint",
  price: "numeric",
  active: "boolean",
  day: "date",
  local_at: "timestamp",
  at: "timestamptz",
} as const;

const INDEXES = Object.keys(COLUMNS).map((column) => `CREATE INDEX ON shop.item (owner, ${column});`);

const DECLARATION: RecordsFile = {
  records: {
    item: {
      schema: "shop",
      table: "item",
      key: { column: "id", type: "integer" },
      account: { column: "owner", type: "text" },
      related: { notes: { table: "note", on: { item_id: "id" }, where: "kind = 'public'" } },
      filters: {
        ...Object.fromEntries(
          Object.entries(COLUMNS).map(([column, type]) => [`${column}_is`, { column, type }]),
        ),
        notes: { related: "notes" },
      },
      actions: { delete_items: { effect: "deleted", steps: [{ delete: "record" }] } },
    },
  },
};

let service: DeclaredService;
let token: string;

beforeAll(async () => {
  service = await openDeclaredService(`${TABLES}\n${INDEXES.join("\n")}`, DECLARATION);
  ({ token } = await service.openAccount("7"));
});

afterAll(() => service[Symbol.asyncDispose]());

const UUID_2 = "00000000-0000-4000-8000-000000000002";
const UUID_3 = "00000000-0000-4000-8000-000000000003";

// Beside each filter, the same condition as a person would write it in SQL.
test.each<[object, string]>([
  [{ label_is: { eq: "it's" } }, "label = 'it''s'"],
  [{ label_is: { eq: "" } }, "label = ''"],
  [{ label_is: { in: ["a", 'b"', "it's", "{}", "\\"] } }, "label IN ('a', 'it''s')"],
  [{ label_is: { lt: "b" } }, "label < 'b'"],
  [{ label_is: { lte: "b" } }, "label <= 'b'"],
  [{ label_is: { gt: "a" } }, "label > 'a'"],
  [{ label_is: { gte: "b" } }, "label >= 'b'"],
  [{ label_is: { is_null: true } }, "label IS NULL"],
  [{ label_is: { is_null: false } }, "label IS NOT NULL"],
  [{ label_is: { eq: "'; DELETE FROM shop.item; --" } }, "false"],
  [{ ref_is: { eq: UUID_2.toUpperCase() } }, `ref = '${UUID_2}'`],
  [{ ref_is: { in: [UUID_2, UUID_3] } }, `ref IN ('${UUID_2}', '${UUID_3}')`],
  [{ ref_is: { is_null: true } }, "ref IS NULL"],
  ...["small", "whole", "big", "price"].flatMap((column): [object, string][] => [
    [{ [`${column}_is`]: { eq: 0 } }, `${column} = 0`],
    [{ [`${column}_is`]: { in: [0, "-1", 4] } }, `${column} IN (0, -1, 4)`],
    [{ [`${column}_is`]: { lt: 0 } }, `${column} < 0`],
    [{ [`${column}_is`]: { lte: "0" } }, `${column} <= 0`],
    [{ [`${column}_is`]: { gt: 0 } }, `${column} > 0`],
    [{ [`${column}_is`]: { gte: 5 } }, `${column} >= 5`],
    [{ [`${column}_is`]: { is_null: true } }, `${column} IS NULL`],
  ]),
  [{ big_is: { eq: "9007199254740993" } }, "big = 9007199254740993"],
  [{ big_is: { lt: "9223372036854775807" } }, "big < 9223372036854775807"],
  [{ price_is: { eq: "12.5" } }, "price = 12.5"],
  [{ price_is: { gt: "9999999999999999.99989999" } }, "price > 9999999999999999.99989999"],
  [{ price_is: { in: ["12.50", "-0.500"] } }, "price IN (12.5, -0.5)"],
  [{ active_is: { eq: true } }, "active"],
  [{ active_is: { eq: false } }, "NOT active"],
  [{ active_is: { is_null: true } }, "active IS NULL"],
  [{ day_is: { eq: "2022-01-01" } }, "day = '2022-01-01'"],
  [{ day_is: { in: ["2022-01-01", "9999-12-31"] } }, "day IN ('2022-01-01', '9999-12-31')"],
  [{ day_is: { lt: "2022-01-01" } }, "day < '2022-01-01'"],
  [{ day_is: { lte: "2022-01-01" } }, "day <= '2022-01-01'"],
  [{ day_is: { gt: "2022-01-01" } }, "day > '2022-01-01'"],
  [{ day_is: { gte: "2022-02-28" } }, "day >= '2022-02-28'"],
  [{ day_is: { is_null: false } }, "day IS NOT NULL"],
  [{ local_at_is: { eq: "2022-01-01T00:00:00" } }, "local_at = '2022-01-01'"],
  [{ local_at_is: { in: ["2022-01-01T00:00:00.001"] } }, "id = 3"],
  // More exact than the column: no value of it is equal, and rounding would move one to the other side.
  [{ local_at_is: { eq: "2022-01-01T00:00:00.0009" } }, "false"],
  [{ local_at_is: { lt: "2022-01-01T00:00:00.0009" } }, "id IN (1, 2)"],
  [{ local_at_is: { lte: "2022-01-01T00:00:00" } }, "id IN (1, 2)"],
  [{ local_at_is: { gt: "2022-01-01T00:00:00" } }, "id IN (3, 4)"],
  [{ local_at_is: { gte: "2022-01-01T00:00:00.001" } }, "id IN (3, 4)"],
  [{ local_at_is: { is_null: true } }, "local_at IS NULL"],
  [{ at_is: { eq: "2022-01-01T05:30:00+05:30" } }, "id = 2"],
  [{ at_is: { in: ["2021-12-31T16:00:00-08:00"] } }, "id = 2"],
  [{ at_is: { lt: "2022-01-01T00:00:00Z" } }, "id = 1"],
  [{ at_is: { lte: "2021-12-31T23:59:59.999999Z" } }, "id = 1"],
  [{ at_is: { gt: "2022-01-01T00:00:00Z" } }, "id IN (3, 4)"],
  [{ at_is: { gte: "2022-01-01T00:00:00.000001Z" } }, "id IN (3, 4)"],
  [{ at_is: { is_null: false } }, "at IS NOT NULL"],
  [{ notes: { exists: true } }, "id = 1"],
  [{ notes: { exists: false } }, "id <> 1"],
  [{ whole_is: { gte: 0, lt: 5 } }, "whole BETWEEN 0 AND 4"],
  [{ whole_is: { gte: 0 }, active_is: { eq: true }, notes: { exists: false } }, "id IN (2, 3)"],
])("%j selects the records where %s, of this account only", async (filter, where) => {
  const expected = await service.database.query<{ id: number }>(
    `SELECT id FROM shop.item WHERE owner = '7' AND (${where}) ORDER BY id`,
  );
  const response = await post("/preview", { filter });
  expect(response.body).toMatchObject({
    total: expected.length,
    applicable: expected.length,
    sample_record_ids: expected.map(({ id }) => String(id)),
  });
});

describe("a filter is refused", () => {
  test.each<[object | null | string | unknown[], string]>([
    [{}, "bulk_action.filter.blank"],
    [null as never, "bulk_action.filter.blank"],
    ["label = 'a'", "bulk_action.filter.invalid"],
    [[], "bulk_action.filter.invalid"],
    [{ lable_is: { eq: "a" } }, "bulk_action.filter.inclusion"],
    [{ constructor: { eq: "a" } }, "bulk_action.filter.inclusion"],
    [{ label: { eq: "a" } }, "bulk_action.filter.inclusion"],
    [{ label_is: "a" }, "bulk_action.filter.invalid"],
    [{ label_is: {} }, "bulk_action.filter.blank"],
    [{ label_is: { like: "a%" } }, "bulk_action.filter.inclusion"],
    [{ label_is: { exists: true } }, "bulk_action.filter.inclusion"],
    [{ notes: { eq: true } }, "bulk_action.filter.inclusion"],
    [{ ref_is: { lt: UUID_2 } }, "bulk_action.filter.inclusion"],
    [{ active_is: { in: [true] } }, "bulk_action.filter.inclusion"],
    [{ label_is: { eq: null } }, "bulk_action.filter.invalid"],
    [{ label_is: { eq: "a\0" } }, "bulk_action.filter.invalid"],
    [{ label_is: { eq: "\ud800" } }, "bulk_action.filter.invalid"],
    [{ label_is: { eq: "a".repeat(1_001) } }, "bulk_action.filter.invalid"],
    [{ label_is: { in: [] } }, "bulk_action.filter.invalid"],
    [{ label_is: { in: "a" } }, "bulk_action.filter.invalid"],
    [{ label_is: { in: ["a", 1] } }, "bulk_action.filter.invalid"],
    [{ whole_is: { in: Array.from({ length: 1_001 }, (_, n) => n) } }, "bulk_action.filter.too_long"],
    [{ small_is: { eq: 32_768 } }, "bulk_action.filter.invalid"],
    [{ whole_is: { eq: 2_147_483_648 } }, "bulk_action.filter.invalid"],
    [{ whole_is: { eq: 1.5 } }, "bulk_action.filter.invalid"],
    [{ big_is: { eq: 2 ** 60 } }, "bulk_action.filter.invalid"],
    [{ big_is: { eq: "9223372036854775808" } }, "bulk_action.filter.invalid"],
    [{ price_is: { eq: 0.1 } }, "bulk_action.filter.invalid"],
    [{ price_is: { eq: "1e5" } }, "bulk_action.filter.invalid"],
    [{ price_is: { eq: "NaN" } }, "bulk_action.filter.invalid"],
    [{ price_is: { eq: "1".repeat(41) } }, "bulk_action.filter.invalid"],
    [{ active_is: { eq: "true" } }, "bulk_action.filter.invalid"],
    [{ notes: { exists: 1 } }, "bulk_action.filter.invalid"],
    [{ label_is: { is_null: "false" } }, "bulk_action.filter.invalid"],
    [{ day_is: { eq: "2022-02-29" } }, "bulk_action.filter.invalid"],
    [{ day_is: { eq: "0000-01-01" } }, "bulk_action.filter.invalid"],
    [{ day_is: { eq: "today" } }, "bulk_action.filter.invalid"],
    [{ day_is: { eq: "infinity" } }, "bulk_action.filter.invalid"],
    [{ local_at_is: { eq: "2022-01-01T00:00:00Z" } }, "bulk_action.filter.invalid"],
    [{ local_at_is: { eq: "2022-01-01T24:00:00" } }, "bulk_action.filter.invalid"],
    [{ at_is: { eq: "2022-01-01T00:00:00" } }, "bulk_action.filter.invalid"],
    [{ at_is: { eq: "2022-01-01" } }, "bulk_action.filter.invalid"],
    [{ at_is: { eq: "2022-01-01T00:00:00+16:00" } }, "bulk_action.filter.invalid"],
    [{ at_is: { eq: "2022-01-01T00:00:00.0000001Z" } }, "bulk_action.filter.invalid"],
    [{ at_is: { eq: "now" } }, "bulk_action.filter.invalid"],
    [{ at_is: { lt: 1_640_995_200 } }, "bulk_action.filter.invalid"],
  ])("%j is %s", async (filter, code) => {
    const { status, body } = await post("", { filter });
    expect({ status, codes: codesOf(body) }).toEqual({ status: 422, codes: [code] });
  });

  test("with more faults than are worth listing, and names that are long", async () => {
    const names = Array.from({ length: 300 }, (_, n) => [`${"x".repeat(5_000)}${n}`, {}]);
    const { body } = await post("", { filter: Object.fromEntries(names) });
    expect(codesOf(body)).toEqual(Array.from({ length: 20 }, () => "bulk_action.filter.inclusion"));
    expect(JSON.stringify(body).length).toBeLessThan(50_000);
  });
});

test("values at the edges of what is taken are those that the database takes as well", async () => {
  const edges = [
    { at_is: { gte: "0001-01-01T00:00:00+15:59", lte: "9999-12-31T23:59:59.999999-15:59" } },
    { local_at_is: { gte: "0001-01-01T00:00:00", lte: "9999-12-31T23:59:59.999999" } },
    { day_is: { gte: "0001-01-01", lte: "9999-12-31" } },
    { price_is: { gte: `-${"9".repeat(40)}.${"9".repeat(40)}`, lte: "9".repeat(40) } },
    { big_is: { gte: "-9223372036854775808", lte: "9223372036854775807" } },
    { label_is: { lte: "\uffff".repeat(1_000) } },
    { label_is: { in: Array.from({ length: 1_000 }, (_, n) => String(n)) } },
  ];
  // One after the other: an account may run one preview at a time.
  for (const filter of edges)
    expect(await post("/preview", { filter })).toMatchObject({
      status: 200,
      body: { object: "bulk_action_preview" },
    });
});

type Body = { readonly validation_errors?: readonly { readonly code: string }[] };

function codesOf(body: Body): readonly string[] {
  return body.validation_errors?.map(({ code }) => code) ?? [];
}

async function post(path: string, content: object): Promise<{ status: number; body: Body }> {
  const response = await service.request(token, `/v1/bulk_actions${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ bulk_action: { action_type: "delete_items", max_records: 100, ...content } }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
