import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { type BrowserPage, openBrowser, type TestBrowser } from "../support/browser.ts";
import { type Console, openConsoleAs, visitConsole } from "../support/console.ts";
import { PASSWORDS, writeUsers } from "../support/dashboard.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const PATIENCE = { timeout: 60_000, interval: 100 };

let service: WebhookService;
let receiver: WebhookReceiver;
let browser: TestBrowser;
let sessions: Readonly<Record<keyof typeof PASSWORDS, Console>>;

describe.skipIf(inject("chromium") === undefined)("in a browser", () => {
  beforeAll(async () => {
    receiver = await openWebhookReceiver();
    service = await openWebhookService({
      ...{ CHUNK_SIZE: "5", DASHBOARD_USERS: (await writeUsers()).join(), RESTORE_DAYS: "7" },
      DASHBOARD_SESSION_KEY: randomBytes(32).toString("base64"),
    });
    browser = await openBrowser(String(inject("chromium")));
    sessions = {
      anna: await openConsoleAs(service.opsUrl, "anna"),
      ben: await openConsoleAs(service.opsUrl, "ben"),
    };
  });

  afterEach(async () => {
    await service.database.query("TRUNCATE bulk.throttles, bulk.pauses");
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  test("progress is seen without a reload: focus stays, nothing jumps, and who pauses is seen by others", async () => {
    // Far more than the throttle lets through while the test runs, also where a browser takes a minute to start.
    const { token, productIds } = await service.fillShop({ products: 3_000 }, "live");
    await throttle(10);
    // Gone also when the test fails: others expect that nothing is deleted.
    await using _worker = await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await using anna = await visit("anna", `/bulk-actions/${id}`);
    await using ben = await visit("ben", `/bulk-actions/${id}`);
    await expect.poll(() => countDone(ben.page), PATIENCE).toBeGreaterThan(0);
    await ben.page.evaluate(WATCH_SHIFTS);
    await ben.page.locator("#outcomes a", { hasText: "CSV" }).focus();
    const before = await countDone(ben.page);
    await expect.poll(() => countDone(ben.page), PATIENCE).toBeGreaterThan(before + 20);
    expect(await ben.page.evaluate("document.activeElement.textContent")).toBe("CSV");
    // Gone after a reload.
    expect(Number(await ben.page.evaluate("window.shifts"))).toBeLessThan(0.1);

    await anna.page.getByRole("link", { name: "Pause" }).click();
    await anna.page.getByLabel("Reason").fill("the shop has a sale");
    await anna.page.getByRole("button", { name: "Pause" }).click();
    for (const { page } of [anna, ben]) {
      await page.locator("#timeline", { hasText: "Paused by anna · the shop has a sale" }).waitFor();
      await page.locator("#notices", { hasText: "Paused by anna: the shop has a sale." }).waitFor();
    }
    expect(await ben.page.evaluate("document.activeElement.textContent")).toBe("CSV");
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    await service.finished(token, id);
    expect([...anna.complaints, ...ben.complaints]).toEqual([]);
  });

  test("a page of a session that ended elsewhere shows the sign-in, and after it the same page", async () => {
    const { token, productIds } = await service.fillShop({ products: 1 }, "sessions");
    const { id } = await service.submit(token, "delete_products", productIds);
    await using anna = await browser.visit();
    await anna.page.goto(`${service.opsUrl}/console/bulk-actions/${id}`);
    await signIn(anna.page);
    await anna.page.locator("#timeline").waitFor();
    const other = await anna.page.context().newPage();
    await other.goto(`${service.opsUrl}/console`);
    await other.getByRole("button", { name: "Sign out" }).click();
    await other.getByLabel("Password").waitFor();
    await other.close();
    await anna.page.getByLabel("Password").waitFor();
    await signIn(anna.page);
    await anna.page.getByRole("heading", { name: "delete products, 1 record" }).waitFor();
    expect(new URL(anna.page.url()).pathname).toBe(`/console/bulk-actions/${id}`);
    expect(anna.complaints).toEqual([]);
  });

  test("the keyboard alone signs in, finds a bulk action and cancels it", async () => {
    const { token, productIds } = await service.fillShop({ products: 3 }, "keyboard");
    const { id } = await service.submit(token, "delete_products", productIds);
    await using stranger = await browser.visit();
    const { page, complaints } = stranger;
    await page.goto(`${service.opsUrl}/console`);
    await page.locator("#name:focus").waitFor();
    await page.keyboard.type("anna");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORDS.anna);
    await page.keyboard.press("Enter");
    await page.locator("#open").waitFor();
    await pressUntil(page, `document.activeElement.id === "find"`);
    await page.keyboard.type(id);
    await page.keyboard.press("Enter");
    await page.locator("#timeline").waitFor();
    await pressOn(page, "Cancel");
    await page.getByRole("heading", { name: "Cancel: delete products of keyboard, 3 records" }).waitFor();
    await pressOn(page, "Cancel");
    await page.locator("#timeline", { hasText: "Cancel requested by anna" }).waitFor();
    expect((await service.finished(token, id)).status).toBe("completed");
    expect(complaints).toEqual([]);
  });

  test("times are in the viewer's zone, with the exact one on hover, also where a page changes", async () => {
    const { token, productIds } = await service.fillShop({ products: 1 }, "times");
    const { id } = await service.submit(token, "delete_products", productIds);
    await using visitor = await visitConsole(browser, service.opsUrl, sessions.ben, {
      ...{ timezoneId: "Asia/Tokyo", locale: "en-GB" },
    });
    const { page } = visitor;
    await page.goto(`${service.opsUrl}/console/bulk-actions/${id}`);
    const created = page.locator("#timeline time").first();
    const moment = new Date(String(await created.getAttribute("datetime")));
    const hour = moment.toLocaleTimeString("en-GB", { timeZone: "Asia/Tokyo" });
    expect(await created.textContent()).toContain(hour);
    expect(await created.getAttribute("title")).toContain(`Japan Standard Time (${moment.toISOString()})`);
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    const ended = page.locator("#timeline li", { hasText: "Ended" }).locator("time");
    await ended.waitFor();
    expect(await ended.getAttribute("title")).toContain("Japan Standard Time");
  });

  test("without JavaScript every page is there, refreshes itself, and changes what it says", async () => {
    const { token, productIds } = await service.fillShop({ products: 2 }, "plain");
    const { id } = await service.submit(token, "delete_products", productIds);
    await using stranger = await browser.visit({ javaScriptEnabled: false });
    const { page, complaints } = stranger;
    await page.goto(`${service.opsUrl}/console`);
    await signIn(page);
    await page.getByRole("heading", { name: "Now" }).waitFor();
    const refresh = page.locator("meta[http-equiv=refresh]");
    await refresh.waitFor({ state: "attached" });
    await page.getByRole("link", { name: `delete products ${id.slice(0, 8)}` }).click();
    await page.getByRole("link", { name: "Pause" }).click();
    await page.getByLabel("Reason").fill("no script");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator("#timeline", { hasText: "Paused by anna · no script" }).waitFor();
    expect(await page.locator("#timeline time").first().textContent()).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
    );
    await refresh.waitFor({ state: "attached" });
    expect(complaints).toEqual([]);
  });

  test("every button asks with the number of records, does what it says, and is in the timeline with its user", async () => {
    const { token, productIds } = await service.fillShop({ products: 20 }, "buttons");
    await service.register(token, receiver.url);
    const { id } = await service.submit(token, "delete_products", productIds.slice(0, 10));
    await using anna = await visit("anna", `/bulk-actions/${id}`);
    const { page, complaints } = anna;
    await press(page, "Pause", "10 of 10 records", "Paused by anna");
    await press(page, "Resume", "10 of 10 records", "Resumed by anna");
    await ask(page, "Throttle", "of 10 records");
    await page.getByLabel("Records a second").fill("1000");
    await agree(page, "Throttle", "Throttled by anna · 1,000 records a second");
    await press(page, "Remove throttle", "10 records", "Throttle removed by anna");
    await press(page, "Cancel", "10 of 10 records", "Cancel requested by anna");
    await press(page, "Retry", "10 records", "Created by anna");
    await page.getByText(`Retry of ${id}`).waitFor();
    const retry = String(page.url().split("/").at(-1));
    await using _worker = await service.startWorker();
    await page.locator("#progress", { hasText: "succeeded" }).waitFor();
    await page.locator("#deliveries", { hasText: "succeeded" }).waitFor();
    await page.getByRole("link", { name: "Redeliver" }).click();
    await page.getByRole("button", { name: "Redeliver" }).click();
    await page.locator("#timeline", { hasText: "Webhook sent again by anna" }).waitFor();
    await press(page, "Restore", "10 records", "Created by anna");
    await page.getByText(`Restore of ${retry}`).waitFor();
    await page.locator("#progress", { hasText: "succeeded" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a viewer sees the buttons, why they cannot be pressed, and is refused by the pages behind them", async () => {
    const { token, productIds } = await service.fillShop({ products: 2 }, "looked at");
    const { id } = await service.submit(token, "delete_products", productIds);
    await using ben = await visit("ben", `/bulk-actions/${id}`);
    const { page } = ben;
    for (const name of ["Pause", "Throttle", "Cancel"]) {
      expect(await page.getByRole("button", { name, exact: true }).isDisabled()).toBe(true);
    }
    await page.getByText("You are a viewer. Operators can change bulk actions here.").waitFor();
    for (const path of [`/bulk-actions/${id}/pause`, `/bulk-actions/${id}/cancel`]) {
      await page.goto(`${service.opsUrl}/console${path}`);
      await page.getByText("This needs the role operator.").waitFor();
    }
  });
});

async function visit(name: keyof typeof PASSWORDS, path: string): Promise<BrowserPage> {
  const visitor = await visitConsole(browser, service.opsUrl, sessions[name]);
  await visitor.page.goto(`${service.opsUrl}/console${path}`);
  return visitor;
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Name").fill("anna");
  await page.getByLabel("Password").fill(PASSWORDS.anna);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Clicks a button, expects to be asked about so many records, agrees, and waits for the timeline to tell of it. */
async function press(page: Page, name: string, asked: string, told: string): Promise<void> {
  await ask(page, name, asked);
  await agree(page, name, told);
}

async function ask(page: Page, name: string, asked: string): Promise<void> {
  await page.locator("#buttons").getByRole("link", { name, exact: true }).click();
  await page.locator("main p", { hasText: asked }).first().waitFor();
}

async function agree(page: Page, name: string, told: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await page.locator("#timeline", { hasText: told }).waitFor();
}

/** Goes to the link or button of this name with Tab, and presses Enter. */
async function pressOn(page: Page, name: string): Promise<void> {
  await pressUntil(page, `document.activeElement.textContent.trim() === ${JSON.stringify(name)}`);
  await page.keyboard.press("Enter");
}

async function pressUntil(page: Page, isThere: string): Promise<void> {
  for (let tab = 0; tab < 100; tab += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(isThere)) return;
  }
  throw new Error(`Tab does not lead to where ${isThere}.`);
}

async function countDone(page: Page): Promise<number> {
  const written = await page.locator("#progress .headline b").textContent();
  return Number(written?.replaceAll(",", ""));
}

const WATCH_SHIFTS = `
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) window.shifts += value;
  }).observe({ type: "layout-shift" });`;

async function throttle(recordsPerSecond: number): Promise<void> {
  await service.database.query(
    "INSERT INTO bulk.throttles (action_type, records_per_second, set_by) VALUES ('delete_products', $1, 'test')",
    [recordsPerSecond],
  );
}
