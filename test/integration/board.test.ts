import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type BrowserPage, openBrowserPage } from "../support/browser.ts";
import { PASSWORDS, writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { findAccessFaults } from "../support/find-access-faults.ts";
import { openServiceQueue } from "../support/service-queue.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

describe.skipIf(inject("chromium") === undefined)("Bull Board in a browser", () => {
  let service: TestService;
  let browser: BrowserPage;

  // A turn in each state.
  beforeAll(async () => {
    service = await openTestService({ DASHBOARD_USERS: (await writeUsers()).join(), TURN_MS: "5000" });
    const { token, productIds } = await service.fillShop({ products: 5, inUse: 2 });
    const worker = await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.finished(token, id);
    const queue = openServiceQueue(service);
    const turn = { bulkActionId: id, generation: 9, lane: 2, enqueuedAt: new Date() };
    await queue.addTurns([{ ...turn, turn: 2, actionType: "unknown", delayMs: 0 }]);
    await eventually(async () => expect(await queue.native.getFailedCount()).toBe(1));
    await worker.stop();
    await service.submit(token, "delete_products", productIds);
    await queue.addTurns([
      { ...turn, turn: 3, actionType: "delete_products", delayMs: 0 },
      { ...turn, turn: 4, actionType: "delete_products", delayMs: 3_600_000 },
    ]);
    await queue.close();
    browser = await openBrowserPage(String(inject("chromium")));
    await browser.page.goto(`${service.opsUrl}/dashboard`);
    await browser.page.getByLabel("Name").fill("anna");
    await browser.page.getByLabel("Password").fill(PASSWORDS.anna);
    await browser.page.getByRole("button", { name: "Sign in" }).click();
    await browser.page.getByRole("link", { name: "bulk-actions" }).waitFor();
  });

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  test.each([
    ["waiting", ["trash-2"]],
    ["prioritized", ["trash-2"]],
    ["delayed", ["corner-up-left", "trash-2"]],
    ["completed", ["trash-2"]],
    ["failed", ["refresh-cw", "trash-2"]],
  ])(
    "of a turn that is %s, an operator sees only the buttons that are not refused: %j",
    async (state, icons) => {
      const { page } = browser;
      await page.goto(`${service.opsUrl}/dashboard/queue/bulk-actions?status=${state}`);
      const buttons = page.locator('[class^="jobActions"] > li:visible svg');
      await buttons.first().waitFor();
      const classes = await buttons.evaluateAll((found) => found.map((icon) => icon.getAttribute("class")));
      expect(classes.map((name) => name?.split("lucide-").at(-1))).toEqual(icons);
    },
  );

  test("of the menu of a queue, operators see what is not refused", async () => {
    const { page } = browser;
    await page.goto(`${service.opsUrl}/dashboard/queue/bulk-actions?status=waiting`);
    await page.locator("section button[aria-haspopup=menu]").first().click();
    const items = page.locator('[role="menuitem"]:visible');
    await items.first().waitFor();
    expect(await items.allTextContents()).toEqual(["Retry all 1 failed jobs", "Pause", "Empty"]);
  });

  test.each(["light", "dark"] as const)(
    "every text has enough contrast in the scheme %s",
    async (colorScheme) => {
      const { page } = browser;
      await page.emulateMedia({ colorScheme });
      const paths = ["", ...["latest", "failed"].map((state) => `/queue/bulk-actions?status=${state}`)];
      for (const path of paths) {
        await page.goto(`${service.opsUrl}/dashboard${path}`);
        await page.getByRole("link", { name: "bulk-actions" }).first().waitFor();
        const faults = await findAccessFaults(page);
        expect([path, faults.filter((fault) => fault.startsWith("color-contrast"))]).toEqual([path, []]);
      }
    },
  );
});
