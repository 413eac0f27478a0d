import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Console, openConsoleAs } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let ben: Console;

beforeAll(async () => {
  const users = await writeUsers();
  service = await openTestService({ CHUNK_SIZE: "10", DASHBOARD_USERS: users.join() });
  ben = await openConsoleAs(service.opsUrl, "ben");
});

afterAll(() => service[Symbol.asyncDispose]());

describe("the first page", () => {
  test("says that nothing is open and no worker runs, then that all is well, and names what each worker does", async () => {
    expect(await ben.page("")).toContain("No worker runs.");
    const worker = await service.startWorker();
    await eventually(async () =>
      expect(await ben.page("")).toContain("<b>All is well.</b> Nothing is open."),
    );
    expect(await ben.page("")).toContain("lanes free");
    await worker.stop();
    const { token, productIds } = await service.fillShop({ products: 3 }, "waiting");
    const { id } = await service.submit(token, "delete_products", productIds);
    await eventually(async () => {
      const page = await ben.page("");
      expect(page).toContain("<b>Trouble:</b> No worker runs.");
      expect(page).toContain(`href="/console/bulk-actions/${id}"`);
    });
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
  });

  test("says that the queue is paused, and what stands still", async () => {
    const { token, productIds } = await service.fillShop({ products: 3 }, "still");
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.database.query(
      "UPDATE bulk.bulk_actions SET updated_at = now() - interval '6 minutes' WHERE id = $1",
      [id],
    );
    await eventually(async () =>
      expect(await ben.page("")).toContain(
        "1 bulk action is open, not paused, and without any movement for five minutes.",
      ),
    );
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
  });
});

test("the first page tells of records that failed in the last hour, and of webhooks that are tried again", async () => {
  const { token, productIds } = await service.fillShop({ products: 1 }, "failing");
  const { id } = await service.submit(token, "delete_products", productIds);
  const { query } = service.database;
  await query(
    "INSERT INTO bulk.rates (worker_id, minute, applied, skipped, failed) VALUES (gen_random_uuid(), now() - interval '9 minutes', 0, 0, 1234)",
  );
  await query(
    `WITH endpoint AS (
       INSERT INTO bulk.webhook_endpoints (id, account_id, url, sealed_secret)
       SELECT gen_random_uuid(), account_id, 'https://shop.example', '' FROM bulk.bulk_actions WHERE id = $1
       RETURNING id, account_id)
     INSERT INTO bulk.webhook_deliveries (account_id, endpoint_id, event_type, bulk_action_id, failures, next_attempt_at)
     SELECT account_id, id, 'bulk_action.completed', $1, (n = 0)::int * 2, now() + (n = 0)::int * interval '1 hour'
     FROM endpoint, generate_series(0, 1500) AS n`,
    [id],
  );
  await eventually(async () => {
    const page = await ben.page("");
    expect(page).toMatch(
      /<b>Trouble:<\/b> 1,234 records failed in the last hour\. <a href="[^"]*outcome=failed/,
    );
    expect(page).toContain("1 webhook could not be delivered yet and is tried again.");
    expect(page).toContain(`href="/console/bulk-actions/${id}">Show ${id.slice(0, 8)}`);
  });
  await query("DELETE FROM bulk.rates");
  await query("DELETE FROM bulk.webhook_endpoints");
  await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
});

test.each(["-271821-04-20T00:00:00.000Z", "+275760-09-13T00:00:00.000Z"])(
  "changes before a moment that the database cannot read, %s, are refused with the reason",
  async (moment) => {
    const place = `${moment}_00000000-0000-4000-8000-000000000000`;
    const answer = await ben.request(`/changes?before=${encodeURIComponent(place)}`);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain("The page&#39;s address is incomplete.");
  },
);

describe("the list", () => {
  test.each([
    ["status", "status=open&status=paused"],
    ["account", "account=%00"],
    ["type", "type=a%00b"],
    ["account", `account=${"a".repeat(301)}`],
  ])(
    "shows nothing and says why, rather than all, if a filter cannot be read: %s, %s",
    async (name, query) => {
      const answer = await ben.request(`/bulk-actions?${query}`);
      expect(answer.status).toBe(422);
      const page = await answer.text();
      expect(page).toContain(`“${name}” is given twice, has control characters, or is longer`);
      expect(page).not.toContain('<th scope="row">');
    },
  );

  test("shows every page once while bulk actions are created, and pages both ways", async () => {
    const { token, productIds } = await service.fillShop({ products: 60 }, "paging");
    const ids: string[] = [];
    for (const productId of productIds.slice(0, 30))
      ids.push((await service.submit(token, "delete_products", [productId])).id);
    const first = await ben.page("/bulk-actions?account=paging");
    await service.submit(token, "delete_products", productIds.slice(30, 31));
    const second = await ben.page(nextOf(first, "next"));
    const listed = [...listIds(first), ...listIds(second)];
    expect(listed).toEqual(ids.toReversed());
    expect(listIds(await ben.page(nextOf(second, "prev")))).toEqual(listIds(first));
  });

  test("filters by account, status, type, id and outcome, and says what is wrong with a filter", async () => {
    const { token, productIds } = await service.fillShop({ products: 4 }, "filtering");
    const { id } = await service.submit(token, "delete_products", productIds);
    for (const filter of [
      `id=${id}`,
      `id=${id.slice(0, 8).toUpperCase()}`,
      "status=open",
      "type=delete_products",
      "type=delete+products",
      "outcome=pending",
      `from=2020-01-01T00:00`,
    ]) {
      expect(listIds(await ben.page(`/bulk-actions?account=filtering&${filter}`))).toEqual([id]);
    }
    for (const filter of [
      "status=succeeded",
      "type=none",
      "outcome=failed",
      "to=2020-01-01T00:00",
      "status=paused",
    ]) {
      const page = await ben.page(`/bulk-actions?account=filtering&${filter}`);
      expect(listIds(page)).toEqual([]);
      expect(page).toContain("No bulk action matches.");
    }
    for (const [filter, words] of [
      ["id=x", "The id of a bulk action is a UUID, or the first eight digits of one."],
      ["status=x", "There is no such status."],
      ["account=%3Cb%3E", "There is no account of this name or id."],
      ["from=yesterday", "The first moment is no date."],
      ["after=x", "incomplete"],
    ] as const) {
      const answer = await ben.request(`/bulk-actions?${filter}`);
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain(words);
    }
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
  });
});

test("records are shown by outcome with their reason, page by page, and exported as the API lists them", async () => {
  const { token, productIds } = await service.fillShop({ products: 120, inUse: 60 }, "records");
  const { id } = await service.submit(token, "delete_products", productIds);
  const worker = await service.startWorker();
  await service.finished(token, id);
  await worker.stop();
  const first = await ben.page(`/bulk-actions/${id}/records?outcome=skipped`);
  expect(first).toContain("60 records.");
  expect(first).toContain("<code>record.in_use</code>");
  const [, after = ""] = /after=(\d+)"/.exec(first) ?? [];
  const second = await ben.page(`/bulk-actions/${id}/records?outcome=skipped&after=${after}`);
  const shown = [first, second].flatMap((page) => productIds.filter((productId) => page.includes(productId)));
  expect(shown).toEqual(productIds.slice(0, 60));
  const csv = await ben.page(`/bulk-actions/${id}/records.csv`);
  expect(csv.split("\n").slice(0, 2)).toEqual([
    "position,record_id,outcome,code",
    `0,${productIds[0]},skipped,record.in_use`,
  ]);
  expect(csv.trim().split("\n")).toHaveLength(121);
  const lines = await service.request(token, `/v1/bulk_actions/${id}/records`, {
    headers: { accept: "application/x-ndjson" },
  });
  expect(await ben.page(`/bulk-actions/${id}/records.ndjson`)).toBe(await lines.text());
  const skipped = await ben.request(`/bulk-actions/${id}/records.csv?outcome=skipped`);
  expect(skipped.headers.get("content-disposition")).toContain(`${id}-skipped.csv`);
  expect((await skipped.text()).trim().split("\n").slice(1)).toEqual(
    csv
      .trim()
      .split("\n")
      .filter((line) => line.includes(",skipped,")),
  );
  expect(first).toContain('href="records.csv?outcome=skipped"');
  expect((await ben.request(`/bulk-actions/${id}/records.csv?outcome=skiped`)).status).toBe(422);
  for (const query of ["outcome=skiped", "outcome=skipped&outcome=failed", "after=-5"]) {
    expect((await ben.request(`/bulk-actions/${id}/records?${query}`)).status).toBe(422);
  }
  for (const page of ["", "/records"]) {
    expect(await ben.page(`/bulk-actions/${id.toUpperCase()}${page}`)).toContain(id);
  }
});

describe("the search", () => {
  test("finds every bulk action that had a record, with its outcome, and leads to a bulk action by its own id", async () => {
    const { token, productIds } = await service.fillShop({ products: 2, inUse: 1 }, "search");
    const [kept = "", other = ""] = productIds;
    const first = await service.submit(token, "delete_products", [kept]);
    const second = await service.submit(token, "delete_products", [other, kept]);
    const worker = await service.startWorker();
    for (const { id } of [first, second]) await service.finished(token, id);
    await worker.stop();
    const page = await ben.page(`/find?id=${kept.toUpperCase()}`);
    expect(listIds(page)).toEqual([second.id, first.id]);
    expect(page.match(/<code>record\.in_use<\/code>/g)).toHaveLength(2);
    expect(page).toContain("search");
    const led = await ben.request(`/find?id=${second.id}`);
    expect([led.status, led.headers.get("location")]).toEqual([303, `/console/bulk-actions/${second.id}`]);
    const short = await ben.page(`/find?id=${second.id.slice(0, 8)}`);
    expect(short).toContain(`href="/console/bulk-actions/${second.id}"`);
    expect(short).not.toContain("No stored bulk action has it.");
  });

  test("says what it did not find, and takes any text", async () => {
    for (const text of ["nothing", "<img src=x>", "%00", "'; --", "ä".repeat(1_001)]) {
      const page = await ben.page(`/find?id=${text === "%00" ? text : encodeURIComponent(text)}`);
      expect(page).toMatch(/No stored bulk action has it|at most 1,000 characters/);
      expect(page).not.toContain("<img src=x>");
    }
    expect(await ben.page("/find")).toContain("Enter the id of a record");
  });
});

function listIds(page: string): readonly string[] {
  return [...page.matchAll(/<th scope="row"><a href="\/console\/bulk-actions\/([\w-]{36})"/g)].map(
    ([, id = ""]) => id,
  );
}

function nextOf(page: string, rel: string): string {
  const [, address = ""] = new RegExp(`href="/console([^"]+)" rel="${rel}"`).exec(page) ?? [];
  return address.replaceAll("&amp;", "&");
}
