import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What keeps people from reading or using the page as it is now: axe-core's serious and critical faults, a line each. */
export async function findAccessFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target} ${any[0]?.message ?? ""}`));
}
