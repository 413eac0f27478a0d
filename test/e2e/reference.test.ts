import { expect, inject, test } from "vitest";
import { openBrowserPage } from "../support/browser.ts";
import { fetchDocument } from "../support/documented.ts";
import { openTestStack } from "../support/test-stack.ts";

const chromium = inject("chromium");

test.skipIf(chromium === undefined)(
  "the reference shows every operation, and calls one with a token",
  async () => {
    await using stack = await openTestStack("postgres");
    const { token } = await stack.fillShop({});
    await using browser = await openBrowserPage(String(chromium));
    const { page, complaints, origins } = browser;

    await page.goto(`${stack.url}/docs`);
    await page.getByText("List bulk actions").waitFor();
    const { paths } = await fetchDocument(stack.url);
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(await page.locator(".opblock").count()).toBe(operations.length);
    await page.getByRole("button", { name: "Authorize" }).click();
    await page.getByRole("textbox", { name: "auth-bearer-value" }).fill(token);
    await page.getByRole("button", { name: "Apply credentials" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    const operation = page.locator(".opblock", { hasText: "List bulk actions" });
    await operation.getByRole("button").first().click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();

    expect(await page.title()).toBe("Bulk actions: API reference");
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([stack.url]);
  },
);
