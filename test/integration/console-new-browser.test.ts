import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type BrowserPage, openBrowserPage } from "../support/browser.ts";
import { PASSWORDS, writeUsers } from "../support/dashboard.ts";
import { findAccessFaults } from "../support/find-access-faults.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let browser: BrowserPage;
let page: Page;

beforeAll(async () => {
  service = await openTestService({
    DASHBOARD_USERS: (await writeUsers()).join(),
    ...{ MAX_RECORD_IDS: "20", MAX_UPLOADED_IDS: "200000" },
  });
  if (inject("chromium") === undefined) return;
  browser = await openBrowserPage(String(inject("chromium")));
  ({ page } = browser);
  await page.goto(`${service.opsUrl}/console/login?to=/console/new`);
  await page.getByLabel("Name").fill("anna");
  await page.getByLabel("Password").fill(PASSWORDS.anna);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "New bulk action" }).waitFor();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const inBrowser = test.skipIf(inject("chromium") === undefined);

inBrowser("ids are pasted, previewed, confirmed by keyboard and submitted once", async () => {
  const { productIds } = await service.fillShop({ products: 4, inUse: 1 }, "keyboard");
  await openForm("keyboard");
  await page.getByLabel("Ids", { exact: true }).last().fill("not an id");
  await expectAccessible();
  await page.getByRole("button", { name: "Preview" }).click();
  const faults = page.getByRole("alert");
  await faults.getByText('Id 1 is not a UUID: "not"').waitFor();
  await page.locator("#faults:focus").waitFor();
  await expectAccessible();
  await faults.getByRole("link").first().press("Enter");
  await page.locator("#ids").fill(productIds.join("\n"));
  await page.getByRole("button", { name: "Preview" }).press("Enter");
  await page.getByText("The product is on an order line").waitFor();
  await expectAccessible();
  await page.getByLabel("Type 4 to delete products").fill("3");
  await page.keyboard.press("Enter");
  await page.getByText("The number is 3, and there are 4 ids").first().waitFor();
  await expectAccessible();
  await page.getByLabel("Type 4 to delete products").fill("4");
  await page.getByRole("button", { name: "Submit" }).dblclick();
  await page.getByRole("heading", { name: "delete products, 4 records" }).waitFor();
  expect(await countActions("keyboard")).toBe(1);
  expectNoComplaints();
});

inBrowser("a filter is built from the fields, and only the part for it is shown", async () => {
  await service.fillShop({ customers: 3 }, "filtering");
  await openForm("filtering", "delete customers");
  await page.getByLabel("All records that match a filter").check();
  expect(await page.locator("#ids").isVisible()).toBe(false);
  await page.getByLabel("Field of condition 1").selectOption("orders");
  await page.getByLabel("Comparison of condition 1").selectOption("exist");
  await page.getByLabel("Value of condition 1").fill("false");
  await page.getByText("Fields and their values").click();
  await expectAccessible();
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByLabel("Type 3 to delete customers").fill("3");
  await page.getByRole("button", { name: "Back to the form" }).click();
  expect(await page.getByLabel("Account").inputValue()).toBe("filtering");
  expect(await page.getByLabel("Comparison of condition 1").inputValue()).toBe("exists");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByLabel("Type 3 to delete customers").fill("3");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "delete customers, 3 records" }).waitFor();
  expectNoComplaints();
});

inBrowser("a file is previewed, confirmed and sent with its progress", async () => {
  const { productIds } = await service.fillShop({ products: 30 }, "filing");
  await openForm("filing");
  await page.getByLabel("A file of ids").check();
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("Choose a file first.").waitFor();
  await chooseFile("ids.csv", `${productIds[0]}\nnonsense`);
  await page.getByText('Line 2 is not a UUID: "nonsense"').waitFor();
  expect(await focused()).toBe("faults");
  await chooseFile("ids.ndjson", productIds.map((id) => JSON.stringify({ id })).join("\n"));
  await page.getByText("Only the first 20 of 30 ids were looked at.").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
  expect(await focused()).toBe("file-title");
  await expectAccessible();
  await page.getByLabel("Type 30 to delete products").fill("31");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByText("The number you typed is not the number of ids.").waitFor();
  expect(await focused()).toBe("count");
  await page.getByLabel("Type 30 to delete products").fill("30");
  await page.getByRole("button", { name: "Submit" }).dblclick();
  await page.getByRole("heading", { name: "delete products, 30 records" }).waitFor();
  expect(await countActions("filing")).toBe(1);
  expectNoComplaints();
});

inBrowser.each(["light", "dark"] as const)(
  "the pages fit a narrow window and are readable (%s)",
  async (scheme) => {
    await service.fillShop(
      { products: 1 },
      "a shop with a name that is quite long and has_no_place_to_break_in_it",
    );
    const size = page.viewportSize() ?? { width: 1_280, height: 1_600 };
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 360, height: 800 });
    await openForm("nobody at all");
    for (const way of ["All records that match a filter", "A file of ids", "Ids"]) {
      await page.getByLabel(way, { exact: true }).first().check();
      await expectAccessible();
      expect(await readWidth()).toBeLessThanOrEqual(360);
    }
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByRole("alert").waitFor();
    await page.waitForLoadState();
    expect(await readWidth()).toBeLessThanOrEqual(360);
    await expectAccessible();
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: null });
  },
);

async function openForm(account: string, action = "delete products"): Promise<void> {
  await page.goto(`${service.opsUrl}/console/new`);
  await page.getByLabel("Account").fill(account);
  await page.getByLabel(action, { exact: true }).check();
}

async function chooseFile(name: string, text: string): Promise<void> {
  const [mimeType, buffer] = ["text/plain", Buffer.from(text)];
  await page.getByLabel("File", { exact: true }).setInputFiles({ name, mimeType, buffer });
  await page.getByRole("button", { name: "Preview" }).click();
}

async function focused(): Promise<string | undefined> {
  return await page.evaluate("document.activeElement?.id");
}

async function readWidth(): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth");
}

async function countActions(account: string): Promise<number | undefined> {
  const [row] = await service.database.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM bulk.bulk_actions JOIN bulk.accounts ON accounts.id = account_id WHERE name = $1",
    [account],
  );
  return row?.count;
}

async function expectAccessible(): Promise<void> {
  expect(await findAccessFaults(page)).toEqual([]);
}

function expectNoComplaints(): void {
  // The browser reports refused forms itself.
  expect(browser.complaints.filter((words) => !words.includes("422"))).toEqual([]);
  expect([...browser.origins]).toEqual([service.opsUrl]);
}
