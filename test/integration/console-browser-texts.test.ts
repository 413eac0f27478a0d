import { fillShop } from "@bulk/local/fill-shop";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openBrowser, type TestBrowser } from "../support/browser.ts";
import { type Console, openConsoleAs, visitConsole } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { type KeyedHost, openKeyedHost } from "../support/keyed-host.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

/** A text that a page could take for markup, script, template or the end of any of them. `name` says where it was put. */
function evil(name: string): string {
  return `${name}"'><img src=x onerror="evil=1"><script>evil=1</script></script></textarea></title><%= 1 %>\u202e&amp;`;
}

const URL_OF_ENDPOINT = `https://anna:secret@shop.example/${evil("url")}?secret=1#secret`;

/** Without what may be secret, and encoded as every URL. */
const SHOWN_URL = `https://shop.example${new URL(URL_OF_ENDPOINT).pathname}`;

let service: WebhookService;
let host: KeyedHost;
let browser: TestBrowser;
let stage: Stage;
let anna: Console;

describe.skipIf(inject("chromium") === undefined)("a text that a caller or a database chooses", () => {
  beforeAll(async () => {
    host = await openKeyedHost("text");
    service = await openWebhookService(
      { RECORDS: host.file, CHUNK_SIZE: "10", DASHBOARD_USERS: (await writeUsers()).join() },
      { prepare: (database) => host.prepare(database) },
    );
    anna = await openConsoleAs(service.opsUrl, "anna");
    stage = await setStage();
    browser = await openBrowser(String(inject("chromium")));
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  test.each(listPlaces())("is shown as text by %s", async (_page, path, names) => {
    await using visitor = await visitConsole(browser, service.opsUrl, anna);
    const { page, complaints, origins } = visitor;
    await page.goto(service.opsUrl + path(stage));
    await expectHarmless(page);
    const seen = await readTexts(page);
    expect(names.filter((name) => !says(seen, name === "url" ? SHOWN_URL : evil(name)))).toEqual([]);
    expect(seen).not.toContain("secret");
    // The policy complains of every attempt.
    expect(complaints.filter((text) => !text.includes("responded with a status of 4"))).toEqual([]);
    expect([...origins]).toEqual([service.opsUrl]);
  });

  test("stays text when a page shows it without a reload", async () => {
    await using visitor = await visitConsole(browser, service.opsUrl, anna);
    const { page, complaints } = visitor;
    await page.goto(`${service.opsUrl}/console/bulk-actions/${stage.live}`);
    const answer = await anna.submit(`/bulk-actions/${stage.live}/pause`, { reason: evil("later") });
    expect(answer.status).toBe(303);
    await page.locator("#notices", { hasText: "later" }).waitFor();
    await page.locator("#timeline", { hasText: "later" }).waitFor();
    await expectHarmless(page);
    expect(await readTexts(page)).toContain(evil("later"));
    expect(complaints).toEqual([]);
  });

  test("stays text in the preview and the faults of a new bulk action", async () => {
    await using visitor = await visitConsole(browser, service.opsUrl, anna);
    const { page, complaints } = visitor;
    await page.goto(`${service.opsUrl}/console/new`);
    await page.getByLabel("Account", { exact: true }).fill(evil("account"));
    await page.getByLabel("delete goods").check();
    await page.getByLabel("Ids", { exact: true }).last().fill(evil("record"));
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByRole("heading", { name: "Preview" }).first().waitFor();
    await expectHarmless(page);
    const seen = await readTexts(page);
    expect(["account", "record"].filter((name) => !seen.includes(evil(name)))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

type Stage = { readonly id: string; readonly live: string; readonly record: string };

type Place = readonly [page: string, path: (stage: Stage) => string, names: readonly string[]];

function listPlaces(): readonly Place[] {
  return [
    ["Now", () => "/console", ["account", "reason", "host", "setter"]],
    ["the list", () => "/console/bulk-actions", ["account", "token"]],
    [
      "the filter of the list",
      () => `/console/bulk-actions?${new URLSearchParams({ account: evil("asked"), type: evil("type") })}`,
      ["asked", "type"],
    ],
    [
      "a bulk action",
      ({ id }) => `/console/bulk-actions/${id}`,
      ["account", "token", "reason", "error", "detail", "filter", "url", "answer"],
    ],
    ["its records", ({ id }) => `/console/bulk-actions/${id}/records`, ["record", "code"]],
    [
      "the search",
      ({ record }) => `/console/find?id=${encodeURIComponent(record)}`,
      ["record", "account", "code"],
    ],
    ["a confirmation", ({ id }) => `/console/bulk-actions/${id}/cancel`, ["account"]],
    ["the changes", () => "/console/changes", ["detail", "by"]],
    ["a new bulk action", () => "/console/new", ["account"]],
    ["the sign-in", () => `/console/login?to=${encodeURIComponent(evil("to"))}`, []],
    ["a page that is not there", () => `/console/${encodeURIComponent(evil("page"))}`, []],
    ["Bull Board", () => "/dashboard", []],
  ];
}

// A filter is shown as JSON.
function says(seen: string, text: string): boolean {
  return seen.includes(text) || seen.includes(JSON.stringify(text).slice(1, -1));
}

async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate("typeof window.evil")).toBe("undefined");
  expect(await page.locator("img[src=x], main script").count()).toBe(0);
}

/** All that a page says: its texts, and the values of its fields and attributes. */
async function readTexts(page: Page): Promise<string> {
  return String(
    await page.evaluate(`[
      document.body.textContent,
      ...[...document.querySelectorAll("input, textarea, option")].map((field) => field.value),
    ].join("\\n")`),
  );
}

async function setStage(): Promise<Stage> {
  const { accountId, token } = await fillShop(service.database.url, evil("account"), {
    ...{ products: 0, customers: 0, inUse: 0 },
  });
  const query = service.database.query;
  await query("UPDATE bulk.api_tokens SET name = $1", [evil("token")]);
  const record = evil("record");
  const { id } = await service.submit(token, "delete_goods", [record, "other"]);
  const live = await service.submit(token, "archive_goods", ["other"]);
  await query(
    `UPDATE bulk.bulk_action_chunks SET last_error = $2, attempts = 1, done_count = 1, skipped_count = 1,
       skipped_ids = ARRAY[$3], skipped_codes = ARRAY[$4], slice_size = 1
     WHERE bulk_action_id = $1`,
    [id, evil("error"), record, `record.unique_taken:${evil("code")}`],
  );
  await query("UPDATE bulk.bulk_actions SET filter = $2::jsonb WHERE id = $1", [
    id,
    JSON.stringify({ name: { eq: evil("filter") } }),
  ]);
  await query("INSERT INTO bulk.pauses (scope, subject, reason, paused_by) VALUES ('all', '', $1, $2)", [
    evil("reason"),
    evil("pauser"),
  ]);
  await query("INSERT INTO bulk.throttles VALUES ('delete_goods', 5, $1)", [evil("setter")]);
  await query(`INSERT INTO bulk.journal (kind, by, bulk_action_id, detail) VALUES ('pause', $2, $1, $3)`, [
    id,
    evil("by"),
    evil("detail"),
  ]);
  await query(
    `INSERT INTO bulk.workers (id, host, pid, version, places, turns, records_per_second, seen_at)
     VALUES (gen_random_uuid(), $1, 7, $2, 4, '[]', 0, now() + interval '1 hour')`,
    [evil("host"), evil("version")],
  );
  const endpoint = await service.register(token, "http://127.0.0.1:8009/hooks");
  await query("UPDATE bulk.webhook_endpoints SET url = $1, description = $2", [
    URL_OF_ENDPOINT,
    evil("description"),
  ]);
  await query(
    `INSERT INTO bulk.webhook_deliveries (account_id, endpoint_id, event_type, bulk_action_id, last_error)
     VALUES ($1, $2, 'bulk_action.finished', $3, $4)`,
    [accountId, endpoint.id, id, evil("answer")],
  );
  return { id, live: live.id, record };
}
