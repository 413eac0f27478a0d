import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What keeps people from reading or using the page as it is now: axe-core's serious and critical faults, a line each. */
export async function findAccessFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(TRANSITIONS_ENDED);
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  // Of what is no fault nothing is written down, which takes most of the time.
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run(document, { resultTypes: ['violations'] })",
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target} ${any[0]?.message ?? ""}`));
}

/** Colours on their way from one to another have any contrast. */
const TRANSITIONS_ENDED = `Promise.allSettled(document.getAnimations()
  .filter((animation) => Number.isFinite(animation.effect.getComputedTiming().endTime))
  .map((animation) => animation.finished))`;
