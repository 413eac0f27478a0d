import { randomUUID } from "node:crypto";
import { holdActionTypes, releaseActionTypes } from "@bulk/store/operations/hold-action-types";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Console, openConsole, openConsoleAs } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { openKeyedHost } from "../support/keyed-host.ts";
import { lockTables } from "../support/lock-rows.ts";
import { randomIds } from "../support/random-ids.ts";
import { openRaw, requestHead } from "../support/raw-http.ts";
import type { WireError } from "../support/refusal.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import type { TestDatabase } from "../support/test-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const [MOST_IDS, MOST_UPLOADED, MOST_OPEN] = [50, 500, 3];

let service: TestService;
let anna: Visitor;
let ben: Visitor;

beforeAll(async () => {
  service = await openTestService({
    DASHBOARD_USERS: (await writeUsers()).join(),
    ...{ MAX_RECORD_IDS: `${MOST_IDS}`, MAX_UPLOADED_IDS: `${MOST_UPLOADED}` },
    ...{ MAX_OPEN_ACTIONS: `${MOST_OPEN}`, RESTORE_DAYS: "9" },
  });
  anna = visit(await openConsoleAs(service.opsUrl, "anna"));
  ben = visit(await openConsoleAs(service.opsUrl, "ben"));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("pasted ids", () => {
  test("are previewed, confirmed with their number, and submitted without a token; the journal has the user", async () => {
    const shop = await openShop({ products: 5, inUse: 2 });
    const [unknown = ""] = randomIds(1);
    const form = idsForm(shop, [...shop.productIds, unknown, shop.productIds[0] ?? ""]);
    const preview = await anna.post(form);
    expect(preview.status).toBe(200);
    expect(preview.text).toContain("The product is on an order line");
    expect(preview.text).toContain("The account has no such record.");
    expect(preview.text).toMatch(/deleted 3 skipped 3/);
    expect(preview.text).toContain("Type 6 to delete products");
    expect(preview.text).toContain("kept for 9 days");
    expect(preview.text).toContain(shop.productIds[0]);
    expect(await countActions(shop)).toBe(0);

    const submitted = await anna.confirm(preview, "6");
    expect(submitted.status).toBe(303);
    const id = submitted.location.replace("/console/bulk-actions/", "");
    expect(await service.retrieve(shop.token, id)).toMatchObject({
      ...{ action_type: "delete_products", status: "pending", record_ids: [...shop.productIds, unknown] },
    });
    expect(await readAction(id)).toEqual({ token: null, days: 9 });
    expect(await readJournal(shop)).toEqual([
      { kind: "create", by: "anna", id, type: "delete_products", detail: "6 ids", refusal: null },
    ]);
  });

  test("may be separated by commas and spaces where no id contains them, and nothing of them is kept if so wished", async () => {
    const shop = await openShop({ products: 3 });
    const [one, two, three] = shop.productIds;
    const form = {
      ...idsForm(shop, []),
      ids: ` ${one}, ${two}\r\n\r\n${three?.toUpperCase()};\t`,
      restorable: "false",
    };
    const preview = await anna.post(form);
    expect(preview.text).toContain("It cannot be taken back.");
    const { location } = await anna.confirm(preview, "3");
    const id = location.replace("/console/bulk-actions/", "");
    expect((await service.retrieve(shop.token, id)).record_ids).toEqual(shop.productIds);
    expect(await readAction(id)).toEqual({ token: null, days: 0 });
  });

  test("with another number than theirs are not submitted, and everything that was typed is kept", async () => {
    const shop = await openShop({ products: 3 });
    const preview = await anna.post(idsForm(shop, shop.productIds));
    for (const count of ["4", "", "three", "2", "-3", "3.0"]) {
      const refused = await anna.confirm(preview, count);
      expect([count, refused.status]).toEqual([count, 422]);
      expect(refused.html).toMatch(/aria-invalid="true" aria-describedby="count-fault"/);
      expect(refused.fields).toMatchObject({ account: shop.accountId, key: preview.fields["key"] });
      expect(refused.fields["ids"]?.split(/\s+/)).toEqual(shop.productIds);
    }
    expect(await countActions(shop)).toBe(0);
    expect((await anna.confirm(preview, " 3 ")).status).toBe(303);
  });

  test("that are submitted twice, also at once, are one bulk action", async () => {
    const shop = await openShop({ products: 2 });
    const preview = await anna.post(idsForm(shop, shop.productIds));
    const answers = await Promise.all([anna.confirm(preview, "2"), anna.confirm(preview, "2")]);
    const again = await anna.confirm(preview, "2");
    expect(new Set([...answers, again].map(({ status }) => status))).toEqual(new Set([303]));
    expect(new Set([...answers, again].map(({ location }) => location)).size).toBe(1);
    expect(await countActions(shop)).toBe(1);
  });

  test("of more open bulk actions than the account may have are refused, and can be sent again", async () => {
    const shop = await openShop({ products: 1 });
    for (let open = 0; open < MOST_OPEN; open += 1)
      await service.submit(shop.token, "delete_products", shop.productIds);
    const preview = await anna.post(idsForm(shop, shop.productIds));
    const refused = await anna.confirm(preview, "1");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    expect(refused.text).toContain("An account may have 3 open bulk actions.");
    expect(await readJournal(shop)).toMatchObject([{ by: "anna", refusal: "bulk_action.too_many_open" }]);
    await service.database.query("DELETE FROM bulk.bulk_actions");
    expect((await anna.confirm(refused, "1")).status).toBe(303);
  });
});

describe("a filter", () => {
  test("is built from the declared fields, previewed with a sample, and submitted with the count that was seen", async () => {
    const shop = await openShop({ customers: 4 });
    await makeOld(shop.customerIds.slice(0, 3));
    const preview = await anna.post(filterForm(shop));
    expect(preview.text).toContain("Type 3 to delete customers");
    for (const id of shop.customerIds.slice(0, 3)) expect(preview.text).toContain(id);
    expect(preview.text).not.toContain(shop.customerIds[3]);

    await makeOld(shop.customerIds);
    const refused = await anna.confirm(preview, "3");
    expect(refused.status).toBe(422);
    expect(refused.text).toContain("filter matches 4 records; expected_count is 3");
    expect(refused.text).toContain("Type 4 to delete customers");
    expect(await countActions(shop)).toBe(0);

    const { location, status } = await anna.confirm(refused, "4");
    expect(status).toBe(303);
    const id = location.replace("/console/bulk-actions/", "");
    expect((await service.retrieve(shop.token, id)).record_ids).toEqual([...shop.customerIds].sort());
    const filter = { created_at: { lt: "2022-01-01T00:00:00Z" }, orders: { exists: false } };
    expect(await readJournal(shop)).toMatchObject([
      { refusal: "bulk_action.count_changed" },
      { by: "anna", id, detail: `filter ${JSON.stringify(filter)}`, refusal: null },
    ]);
  });

  test("that matches more than may be, or nothing, is refused as the API refuses it", async () => {
    const shop = await openShop({ customers: 3 });
    await makeOld(shop.customerIds);
    const refused = await anna.post({ ...filterForm(shop), max_records: "2" });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain("filter matches 3 records; max_records is 2");
    const none = await anna.post({ ...filterForm(shop), value_1: "2000-01-01" });
    const confirmed = await anna.confirm(none, "0");
    expect(confirmed.status).toBe(422);
    expect(confirmed.text).toContain("filter matches no record of the account");
  });
});

describe("what is wrong is said as the API says it, beside its field, and everything that was typed is kept", () => {
  const many = randomIds(MOST_IDS + 1);
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, unknown>>]>([
    ["no id", { ids: "" }, { record_ids: [] }],
    ["wrong ids", { ids: `${many[0]}\nx y\n12` }, { record_ids: [many[0], "x", "y", "12"] }],
    ["too many ids", { ids: many.join("\n") }, { record_ids: many }],
    ["no action type", { action_type: "", ids: `${many[0]}` }, { action_type: "", record_ids: [many[0]] }],
    [
      "an unknown action type and wrong ids",
      { action_type: "delete_everything", ids: "7" },
      { action_type: "delete_everything", record_ids: ["7"] },
    ],
    ["no condition", { way: "filter" }, { filter: {}, max_records: 10 }],
    [
      "a field that is not declared",
      { way: "filter", field_1: "price", operator_1: "eq", value_1: "1" },
      { filter: { price: { eq: "1" } }, max_records: 10 },
    ],
    [
      "an operator that the field does not have, and a wrong value",
      {
        ...{ way: "filter", field_1: "order_lines", operator_1: "lt", value_1: "1" },
        ...{ field_2: "created_at", operator_2: "gt", value_2: "yesterday" },
      },
      { filter: { order_lines: { lt: "1" }, created_at: { gt: "yesterday" } }, max_records: 10 },
    ],
    [
      "several values, one of them wrong",
      { way: "filter", field_1: "created_at", operator_1: "in", value_1: "2020-01-01,x" },
      { filter: { created_at: { in: ["2020-01-01T00:00:00Z", "x"] } }, max_records: 10 },
    ],
    [
      "a relation that is neither true nor false, and no limit",
      { way: "filter", max_records: "", field_1: "order_lines", operator_1: "exists", value_1: "maybe" },
      { filter: { order_lines: { exists: "maybe" } } },
    ],
    ["a limit that is no number", { way: "filter", max_records: "1e3" }, { filter: {}, max_records: "1e3" }],
  ])("%s", async (_what, filled, attributes) => {
    const shop = await openShop({});
    const form = {
      account: shop.name,
      action_type: "delete_products",
      way: "ids",
      max_records: "10",
      ...filled,
    };
    const body = { bulk_action: { action_type: "delete_products", ...attributes } };
    const response = await service.request(shop.token, "/v1/bulk_actions", {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    });
    const { validation_errors: faults } = (await response.json()) as WireError;
    expect(faults.length).toBeGreaterThan(0);
    const refused = await anna.post(form);
    expect([refused.status, response.status]).toEqual([422, 422]);
    for (const { attribute, message } of faults)
      expect(refused.text).toContain(asPeopleCount(attribute, message));
    expect(refused.html.match(/class="fault"/g)).toHaveLength(faults.length);
    // What is no choice of the form cannot have been chosen in it.
    const kept = Object.entries(form).filter(([name, value]) => name !== "action_type" && value !== "price");
    expect(refused.fields).toMatchObject(Object.fromEntries(kept));
  });

  test("an account that does not exist, together with all other faults", async () => {
    for (const [account, words] of [
      ["", "account can't be blank"],
      ["nobody", 'account does not exist: "nobody"'],
      [randomUUID(), "account does not exist"],
      ["a\0b", "account does not exist"],
    ] as const) {
      const refused = await anna.post({ account, action_type: "delete_products", way: "ids", ids: "x" });
      expect(refused.status).toBe(422);
      expect(refused.text).toContain(words);
      expect(refused.text).toContain("Id 1 is not a UUID");
    }
  });

  test("conditions that no filter can have", async () => {
    const shop = await openShop({});
    const twice = { field_2: "created_at", operator_2: "lt", value_2: "2021-01-01" };
    expect((await anna.post({ ...filterForm(shop), ...twice })).text).toContain(
      "filter has created_at.lt twice",
    );
    const alone = { ...filterForm(shop), field_1: "", action_type: "delete_customers" };
    expect((await anna.post(alone)).text).toContain("filter has a value without a field");
  });

  test("a preview while another one of the account is in progress", async () => {
    const shop = await openShop({ products: 1 });
    await using _ = await lockTables(service.database, ["products"]);
    const answers = await Promise.all([1, 2].map(() => anna.post(idsForm(shop, shop.productIds))));
    expect(answers.map(({ status }) => status).sort()).toEqual([429, 503]);
    expect(answers.map(({ text }) => text).join()).toContain(
      "Another preview of this account is in progress here.",
    );
    for (const { fields } of answers) expect(fields["ids"]).toBe(shop.productIds[0]);
  });

  test("a body that is longer than a body of the API may be, or is not the form", async () => {
    const shop = await openShop({});
    const long = await anna.post({ ...idsForm(shop, []), ids: "x".repeat(MOST_IDS * 128 + 70_000) });
    expect(long.status).toBe(413);
    expect((await anna.post({ account: shop.name, more: "1", step: "preview" })).status).toBe(400);
    expect((await anna.post({ ...idsForm(shop, []), step: "delete" })).status).toBe(400);
  });
});

test("an action type that the safety catch holds is neither previewed nor submitted", async () => {
  const shop = await openShop({ products: 1, customers: 1 });
  const preview = await anna.post(idsForm(shop, shop.productIds));
  await using operator = openServiceDatabase(service.database.serviceUrl);
  await holdActionTypes(operator.database, [
    { actionType: "delete_products", reason: "<b>a trigger</b> is new" },
  ]);
  // No worker renews it.
  await service.database.query("UPDATE bulk.pauses SET expires_at = now() + interval '1 hour'");
  for (const refused of [
    await anna.confirm(preview, "1"),
    await anna.post(idsForm(shop, shop.productIds)),
    await anna.sendFile("check", shop, shop.productIds.join("\n")),
    await anna.sendFile("upload", shop, shop.productIds.join("\n"), { "bulk-expected-count": "1" }),
  ]) {
    expect(refused.status).toBe(409);
    expect(refused.text).toContain(
      "is held by the safety catch, so nothing would be done now: <b>a trigger</b> is new",
    );
    expect(refused.html).not.toContain("<b>a trigger");
  }
  const other = { ...idsForm(shop, shop.customerIds), action_type: "delete_customers" };
  expect((await anna.post(other)).status).toBe(200);
  await releaseActionTypes(operator.database, ["delete_products"]);
  expect(await countActions(shop)).toBe(0);
  expect((await anna.confirm(preview, "1")).status).toBe(303);
});

describe("a file", () => {
  test("is read to its end for the preview, and submitted if it has the number of ids that was typed", async () => {
    const shop = await openShop({ products: MOST_IDS + 20, inUse: 1 });
    const file = ["id", ...shop.productIds, shop.productIds[0]].join("\n");
    const preview = await anna.sendFile("check", { ...shop, name: shop.name }, file);
    expect(preview.status).toBe(200);
    expect(preview.text).toContain("Only the first 50 of 71 ids were looked at.");
    expect(preview.text).toContain("Type 71 to delete products");
    expect(preview.html).toContain(
      `/console/new/upload?account=${shop.accountId}&amp;action_type=delete_products`,
    );
    expect(await countActions(shop)).toBe(0);

    const key = randomUUID();
    for (const [count, words] of [
      ["70", "Bulk-Expected-Count is 70"],
      ["72", "Bulk-Expected-Count is 72"],
      ["", "The number must be the number of records that is shown"],
      ["501", "at most 500 are allowed"],
    ] as const) {
      const headers = { "bulk-expected-count": count, "idempotency-key": key };
      const refused = await anna.sendFile("upload", shop, file, headers);
      expect([count, refused.status]).toEqual([count, 422]);
      expect(refused.text).toContain(words);
    }
    expect(await countActions(shop)).toBe(0);
    const headers = { "bulk-expected-count": "71", "idempotency-key": key };
    const submitted = await anna.sendFile("upload", shop, file, headers);
    const again = await anna.sendFile("upload", shop, file, headers);
    expect([submitted.status, again.html]).toEqual([200, submitted.html]);
    const { location } = JSON.parse(submitted.html) as { readonly location: string };
    expect(location).toMatch(/^\/console\/bulk-actions\/[0-9a-f-]{36}$/);
    expect(await countActions(shop)).toBe(1);
    expect((await readJournal(shop)).at(-1)).toMatchObject({
      by: "anna",
      detail: "file of 71 ids",
      refusal: null,
    });
  });

  test("in NDJSON is read as such, and its first fault is shown with its line", async () => {
    const shop = await openShop({ products: 2 });
    const type = { "content-type": "application/x-ndjson" };
    const lines = shop.productIds.map((id) => JSON.stringify({ id }));
    expect((await anna.sendFile("check", shop, lines.join("\n"), type)).text).toContain(
      "Type 2 to delete products",
    );
    const refused = await anna.sendFile("check", shop, [...lines, '"<i>x</i>"'].join("\n"), type);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Line 3 is not a UUID: "<i>x</i>"');
    expect(refused.html).not.toContain("<i>x");
  });

  test("for an unknown account or action type is refused, and so is anything that is no file of ids", async () => {
    const shop = await openShop({ products: 1 });
    const [id = ""] = shop.productIds;
    expect((await anna.sendFile("check", { name: "nobody" }, id)).text).toContain('does not exist: "nobody"');
    const query = new URLSearchParams({ account: shop.name, action_type: "delete_all" });
    const body = { method: "POST", headers: { "content-type": "text/csv" }, body: id };
    expect((await anna.request(`/new/check?${query}`, body)).text).toContain("The type must be one of");
    const json = { "content-type": "application/json" };
    expect((await anna.sendFile("check", shop, "{}", json)).status).toBe(415);
    const most = randomIds(MOST_UPLOADED + 1).join("\n");
    expect((await anna.sendFile("check", shop, most)).text).toContain("has more than 500 ids");
  });
});

test("an upload that breaks off leaves nothing, and its account can send another one", async () => {
  const shop = await openShop({ products: 2 });
  const file = shop.productIds.join("\n");
  const query = new URLSearchParams({ account: shop.name, action_type: "delete_products" });
  {
    await using connection = await openRaw(service.opsUrl);
    const headers = {
      host: "127.0.0.1",
      cookie: anna.cookie,
      "content-type": "text/csv",
      "bulk-expected-count": "2",
    };
    const head = requestHead(`POST /console/new/upload?${query}`, { ...headers, "content-length": "1000" });
    await connection.write(head + file);
    await eventually(async () => expect(await readJournal(shop)).toHaveLength(1));
  }
  await eventually(async () => {
    const sent = await anna.sendFile("upload", shop, file, { "bulk-expected-count": "2" });
    expect(sent.status).toBe(200);
  });
  expect(await countActions(shop)).toBe(1);
  const brokenOff = { id: null, refusal: expect.stringMatching(/^(request.malformed|failed)$/) };
  await eventually(async () =>
    expect(await readJournal(shop)).toContainEqual(expect.objectContaining(brokenOff)),
  );
});

test.each(["text", "bigint"] as const)("ids of the type %s may be pasted, each as it is", async (type) => {
  await using host = await openKeyedHost(type);
  const prepare = (database: TestDatabase) => host.prepare(database);
  const users = { DASHBOARD_USERS: (await writeUsers()).join(), RECORDS: host.file };
  await using own = await openTestService(users, { prepare });
  const visitor = visit(await openConsoleAs(own.opsUrl, "anna"));
  const { accountId, token } = await own.fillShop({}, "goods");
  const goods = (await host.addGoods(own.database, accountId, 30)).filter((id) => !/[\r\n]/.test(id));
  const ids = goods.join(type === "text" ? "\r\n" : ", ");
  const preview = await visitor.post({ account: "goods", action_type: "delete_goods", way: "ids", ids });
  const { location } = await visitor.confirm(preview, `${goods.length}`);
  const id = location.replace("/console/bulk-actions/", "");
  expect((await own.retrieve(token, id)).record_ids).toEqual(goods);
});

test("viewers are refused with the reason, whatever they send, and strangers have to sign in", async () => {
  const shop = await openShop({ products: 1 });
  for (const refused of [
    await ben.request("/new"),
    await ben.post(idsForm(shop, shop.productIds)),
    await ben.post({ ...idsForm(shop, shop.productIds), step: "submit", count: "1", key: randomUUID() }),
    await ben.sendFile("check", shop, shop.productIds.join("\n")),
    await ben.sendFile("upload", shop, shop.productIds.join("\n"), { "bulk-expected-count": "1" }),
  ]) {
    expect(refused.status).toBe(403);
    expect(refused.text).toContain("This needs the role operator.");
  }
  const stranger = visit(openConsole(service.opsUrl));
  expect((await stranger.request("/new")).location).toContain("/console/login");
  expect((await stranger.post(idsForm(shop, shop.productIds))).status).toBe(303);
  expect(await countActions(shop)).toBe(0);
});

test("pages of other origins can submit nothing", async () => {
  const shop = await openShop({ products: 1 });
  const preview = await anna.post(idsForm(shop, shop.productIds));
  const body = new URLSearchParams({ ...preview.fields, count: "1", step: "submit" });
  for (const headers of [
    { origin: "http://evil.example" },
    { "sec-fetch-site": "same-site" },
    { origin: "null" },
  ]) {
    expect((await anna.request("/new", { method: "POST", headers, body })).status).toBe(403);
    const file = { ...headers, "bulk-expected-count": "1" };
    expect((await anna.sendFile("upload", shop, shop.productIds.join("\n"), file)).status).toBe(403);
  }
  expect(await countActions(shop)).toBe(0);
});

test("no text of an account, an id, a condition or an address becomes part of the page", async () => {
  const evil = `"><img src=x onerror="alert(1)"><script>alert(2)</script>'`;
  const shop = await openShop({ products: 1 }, `evil ${evil}`);
  const pages = [
    await anna.request(`/new?${new URLSearchParams({ account: evil, action_type: evil })}`),
    await anna.post({ ...idsForm(shop, []), ids: `</textarea>${evil}` }),
    await anna.post({
      ...filterForm(shop),
      field_1: evil,
      operator_1: evil,
      value_1: evil,
      max_records: evil,
    }),
    await anna.post({ ...idsForm(shop, shop.productIds), action_type: evil, account: evil }),
    await anna.post({ ...idsForm(shop, shop.productIds), field_3: evil, value_3: evil, max_records: evil }),
    await anna.confirm(await anna.post(idsForm(shop, shop.productIds)), evil),
    await anna.sendFile("check", shop, shop.productIds.join("\n")),
    await anna.sendFile("check", { name: evil }, evil),
  ];
  for (const { html, headers } of pages) {
    expect(html).toContain("&lt;img src=x");
    expect(html).not.toContain("<img");
    expect(html).not.toContain("<script>");
    expect(headers.get("content-security-policy")).toContain("script-src 'self'");
  }
});

test("at most 200 accounts are suggested, and any other is found by its name or id", async () => {
  await service.database.query(
    "INSERT INTO bulk.accounts (name) SELECT 'crowd ' || n FROM generate_series(1, 300) AS n",
  );
  const shop = await openShop({ products: 1 }, "zz last of all");
  const { html } = await anna.request("/new");
  expect(html.match(/<option value="[^"]+"><\/option>/g)).toHaveLength(200);
  expect(html).not.toContain("zz last of all");
  for (const account of [shop.name, ` ${shop.accountId.toUpperCase()} `]) {
    const preview = await anna.post({ ...idsForm(shop, shop.productIds), account });
    expect(preview.text).toContain("Account zz last of all");
  }
});

test("going back to the form keeps what was typed", async () => {
  const shop = await openShop({ products: 2 });
  const filled = {
    ...idsForm(shop, shop.productIds),
    restorable: "false",
    field_2: "created_at",
    value_2: "x",
  };
  const preview = await anna.post({ ...filled, operator_2: "gt" });
  const form = await anna.post({ ...preview.fields, step: "back" });
  expect(form.status).toBe(200);
  expect(form.fields).toMatchObject({ account: shop.name, way: "ids", restorable: "false" });
  expect(form.fields).toMatchObject({ action_type: "delete_products", field_2: "created_at", value_2: "x" });
  expect(form.fields["operator_2"]).toBe("gt");
  expect(form.fields["ids"]?.split(/\s+/)).toEqual(shop.productIds);
});

type Shop = Awaited<ReturnType<TestService["fillShop"]>> & { readonly name: string };

async function openShop(
  size: Parameters<TestService["fillShop"]>[0],
  name = `shop ${randomUUID()}`,
): Promise<Shop> {
  return { ...(await service.fillShop(size, name)), name };
}

function idsForm({ name }: Pick<Shop, "name">, ids: readonly string[]): Readonly<Record<string, string>> {
  return { account: name, action_type: "delete_products", way: "ids", ids: ids.join("\r\n") };
}

function filterForm({ name }: Pick<Shop, "name">): Readonly<Record<string, string>> {
  return {
    ...{ account: name, action_type: "delete_customers", way: "filter", max_records: "1,000" },
    ...{ field_1: "created_at", operator_1: "lt", value_1: "2022-01-01" },
    ...{ field_4: "orders", operator_4: "exists", value_4: "false" },
  };
}

async function makeOld(customerIds: readonly string[]): Promise<void> {
  await service.database.query("UPDATE customers SET created_at = '2020-01-01' WHERE id = ANY ($1)", [
    customerIds,
  ]);
}

async function countActions({ accountId }: Shop): Promise<number> {
  const [row] = await service.database.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM bulk.bulk_actions WHERE account_id = $1",
    [accountId],
  );
  return row?.count ?? 0;
}

async function readAction(id: string): Promise<unknown> {
  const [row] = await service.database.query(
    `SELECT created_by_token_id AS token, COALESCE(round(extract(epoch FROM restorable_until - created_at) / 86400), 0)::int AS days FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
  return row;
}

async function readJournal({ accountId }: Shop): Promise<readonly object[]> {
  return await service.database.query(
    `SELECT kind, by, bulk_action_id AS id, action_type AS type, detail, refusal
     FROM bulk.journal WHERE account_id = $1 ORDER BY at`,
    [accountId],
  );
}

/** What somebody's browser shows. */
type Shown = {
  readonly status: number;
  readonly location: string;
  readonly headers: Headers;
  readonly html: string;
  /** What a reader sees, with single spaces. */
  readonly text: string;
  /** What its form would send. */
  readonly fields: Readonly<Record<string, string>>;
};

type Visitor = {
  readonly cookie: string;
  request(path: string, init?: RequestInit): Promise<Shown>;
  /** Sends the form; by default for its preview. */
  post(form: Readonly<Record<string, string>>): Promise<Shown>;
  /** Sends the form of a preview with this count. */
  confirm(preview: Shown, count: string): Promise<Shown>;
  sendFile(
    step: "check" | "upload",
    shop: Pick<Shop, "name">,
    file: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Shown>;
};

function visit(own: Console): Visitor {
  async function request(path: string, init: RequestInit = {}): Promise<Shown> {
    const response = await own.request(path, { ...init, headers: { accept: "text/html", ...init.headers } });
    const html = await response.text();
    return {
      ...{ status: response.status, headers: response.headers, html, fields: readFields(html) },
      location: response.headers.get("location") ?? "",
      text: decode(html.replaceAll(/<[^>]*>/g, " ")).replaceAll(/\s+/g, " "),
    };
  }
  const post = (form: Readonly<Record<string, string>>) =>
    request("/new", { method: "POST", body: new URLSearchParams({ step: "preview", ...form }) });
  return {
    ...{ request, post, cookie: own.cookies.join("; ") },
    confirm: ({ fields }, count) => post({ ...fields, count, step: "submit" }),
    sendFile(step, { name }, file, headers = {}) {
      const query = new URLSearchParams({ account: name, action_type: "delete_products" });
      const init = { method: "POST", headers: { "content-type": "text/csv", ...headers }, body: file };
      return request(`/new/${step}?${query}`, init);
    },
  };
}

function readFields(html: string): Readonly<Record<string, string>> {
  const [, form = ""] = /<form method="post" action="\/console\/new"(.*?)<\/form>/s.exec(html) ?? [];
  const fields = new Map<string, string>();
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const name = attributeOf(tag, "name");
    const isLeftOut = /type="(?:radio|checkbox)"/.test(tag) && !/ checked/.test(tag);
    if (name !== "" && !isLeftOut) fields.set(name, attributeOf(tag, "value"));
  }
  for (const [, name = "", value = ""] of form.matchAll(
    /<textarea\b[^>]*name="(\w+)"[^>]*>\n?(.*?)<\/textarea>/gs,
  ))
    fields.set(name, decode(value));
  for (const [, name = "", options = ""] of form.matchAll(
    /<select\b[^>]*name="(\w+)"[^>]*>(.*?)<\/select>/gs,
  ))
    fields.set(name, attributeOf(/<option value="[^"]*" selected>/.exec(options)?.[0] ?? "", "value"));
  return Object.fromEntries(fields);
}

function attributeOf(tag: string, name: string): string {
  return decode(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}

function decode(html: string): string {
  return html
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

/** A fault of the API as the console says it: ids are counted from 1, and other attributes have the names of the form. */
function asPeopleCount(attribute: string, message: string): string {
  const [, index, rest] = /^\[(\d+)\] (.*)$/s.exec(message) ?? [];
  return attribute === "record_ids" && index !== undefined
    ? `Id ${Number(index) + 1} ${rest}`
    : ` ${message}`;
}
