import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { openBrowserPage } from "../support/browser.ts";
import { fetchDocument } from "../support/documented.ts";
import { eventually } from "../support/eventually.ts";
import { findAccessFaults } from "../support/find-access-faults.ts";
import { openTestStack } from "../support/test-stack.ts";

const chromium = inject("chromium");

test.skipIf(chromium === undefined)(
  "the reference shows every operation, calls one with a token, and can be read by everybody in both schemes",
  async () => {
    await using stack = await openTestStack("postgres");
    const { token } = await stack.fillShop({});
    await using browser = await openBrowserPage(String(chromium));
    const { page, complaints, origins } = browser;

    await page.goto(`${stack.url}/docs`);
    await page.getByText("List bulk actions").waitFor();
    const { paths, webhooks } = await fetchDocument(stack.url);
    const operations = [...Object.values(paths), ...Object.values(webhooks)].flatMap((methods) =>
      Object.values(methods),
    );
    expect(await page.locator(".opblock").count()).toBe(operations.length);
    await page.getByRole("button", { name: "Authorize" }).click();
    await page.getByRole("textbox", { name: "auth-bearer-value" }).fill(token);
    const buttons = page.locator(".auth-btn-wrapper");
    await buttons.getByRole("button", { name: "Authorize" }).click();
    await buttons.getByRole("button", { name: "Close" }).click();
    const operation = page.locator(".opblock", { hasText: "List bulk actions" });
    await operation.getByRole("button").first().click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();

    expect(await page.title()).toBe("Bulk actions: API reference");
    // The list that was asked for has no ids.
    expect(await operation.locator(".request-url").textContent()).toContain("fields=id,action_type,status");
    const toOpen = ["Submit a bulk action", "Retrieve a bulk action", "Change a webhook endpoint"];
    for (const hasText of toOpen)
      await page.locator(".opblock", { hasText }).getByRole("button").first().click();
    await page.getByText("Schema", { exact: true }).first().click();
    await page.getByRole("button", { name: "Authorize" }).click();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await eventually(async () => expect(await isDark(page)).toBe(colorScheme === "dark"));
      expect(await findAccessFaults(page), colorScheme).toEqual([]);
    }
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([stack.url]);
  },
);

/** Whether the page is dark to look at. */
async function isDark(page: Page): Promise<boolean> {
  const color = await page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const channels = color.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  return color !== "rgba(0, 0, 0, 0)" && channels.every((channel) => channel < 64);
}
