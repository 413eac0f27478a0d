import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Console, openConsole, openConsoleAs } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { openTestService, type TestService } from "../support/test-service.ts";
import { writeBrake } from "../support/write-brake.ts";

let service: TestService;
let anna: Console;
let ben: Console;

beforeAll(async () => {
  const users = await writeUsers();
  service = await openTestService({
    ...{ CHUNK_SIZE: "10", DASHBOARD_USERS: users.join() },
    WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"),
  });
  anna = await openConsoleAs(service.opsUrl, "anna");
  ben = await openConsoleAs(service.opsUrl, "ben");
});

afterAll(() => service[Symbol.asyncDispose]());

test("a page leads to the login and from there back to itself, and its stylesheet needs none", async () => {
  const stranger = openConsole(service.opsUrl);
  const path = `/bulk-actions/${randomUUID()}`;
  const answer = await stranger.request(path);
  const to = encodeURIComponent(`/console${path}`);
  expect([answer.status, answer.headers.get("location")]).toEqual([303, `/console/login?to=${to}`]);
  const login = await stranger.page(`/login?to=${to}`);
  expect(login).toContain(`value="/console${path}"`);
  const [stylesheet = ""] = /\/assets\/[\w-]+-console\.css/.exec(login) ?? [];
  const asset = await stranger.request(stylesheet);
  expect([asset.status, asset.headers.get("cache-control")]).toEqual([
    200,
    "public, max-age=31536000, immutable",
  ]);
});

test.each([
  "//evil.example",
  "/console//evil.example\\",
  "https://evil.example",
  "/console/login",
  "/nowhere",
])("a sign-in never leads to %s", async (to) => {
  const login = await openConsole(service.opsUrl).page(`/login?to=${encodeURIComponent(to)}`);
  expect(login).toMatch(/name="to" value="\/console(\/\/evil.example)?"/);
  expect(login).not.toContain(`value="${to}"`);
});

test("every answer is out of caches and frames, with scripts and styles of this origin only", async () => {
  for (const path of ["/login", "/nowhere", `/bulk-actions/${randomUUID()}`]) {
    const { headers } = await ben.request(path);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("content-security-policy")).toMatch(
      /default-src 'none';script-src 'self';style-src 'self';.*frame-ancestors 'none'/,
    );
  }
});

test("a page that does not exist says so with the request's id", async () => {
  for (const path of ["/nowhere", "/bulk-actions/1", `/bulk-actions/${randomUUID()}`]) {
    const answer = await ben.request(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain(answer.headers.get("request-id"));
  }
});

describe("one bulk action", () => {
  test("is shown with its counts and reasons, without a record's id", async () => {
    const { token, productIds } = await service.fillShop({ products: 30, inUse: 4 });
    const { id } = await service.submit(token, "delete_products", productIds);
    const worker = await service.startWorker();
    await service.finished(token, id);
    await worker.stop();
    const page = await ben.page(`/bulk-actions/${id}`);
    expect(readTable(page)).toMatchObject({ deleted: "26", skipped: "4", failed: "0", "not attempted": "0" });
    // Reasons may still be being counted on the first view.
    await eventually(async () =>
      expect(readTable(await ben.page(`/bulk-actions/${id}`))).toMatchObject({ "record.in_use": "4" }),
    );
    expect(page).toContain("3 of 3 chunks finished");
    expect(productIds.filter((productId) => page.includes(productId))).toEqual([]);
  });

  test("shows operators what the database said of a chunk, and viewers its code alone", async () => {
    const { token, productIds } = await service.fillShop({ products: 3 }, "refused");
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.database.query(
      "UPDATE bulk.bulk_action_chunks SET last_error = $2 WHERE bulk_action_id = $1",
      [id, "Raw query failed. Code: `42501`. Message: `secret of a <b>customer</b>`"],
    );
    for (const user of [anna, ben]) {
      expect(await user.page(`/bulk-actions/${id}`)).toContain("the database said 42501 (server)");
    }
    expect(await anna.page(`/bulk-actions/${id}`)).toContain("secret of a &lt;b&gt;customer");
    expect(await ben.page(`/bulk-actions/${id}`)).not.toContain("secret of");
  });

  test("says why it is slow on purpose, and nothing of it at full speed", async () => {
    const { token, productIds } = await service.fillShop({ products: 3 }, "braked");
    const { id } = await service.submit(token, "delete_products", productIds);
    await writeBrake(service, "to_timestamp(4000)");
    expect(await ben.page(`/bulk-actions/${id}`)).toContain(
      "Slow on purpose: others use the database. A small transaction of theirs takes 1.23 times idle, at most 1.25.",
    );
    await service.database.query("DELETE FROM bulk.brake");
    const after = await service.submit(token, "delete_products", productIds);
    expect(await ben.page(`/bulk-actions/${after.id}`)).not.toContain("Slow on purpose");
  });

  test("shows names of others as text, never as markup", async () => {
    const { token, customerIds } = await service.fillShop({ customers: 1 }, "<script>alert(1)</script>");
    const { id } = await service.submit(token, "delete_customers", customerIds);
    const page = await ben.page(`/bulk-actions/${id}`);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;</a>");
    expect(page).not.toContain("<script>alert");
  });
});

function readTable(page: string): Readonly<Record<string, string>> {
  const rows = page.matchAll(/<th scope="row">(?:<\w[^>]*>)?([^<]*)<.*?<td class="number">([^<]*)<\/td>/g);
  return Object.fromEntries([...rows].map(([, name = "", value = ""]) => [name, value]));
}
