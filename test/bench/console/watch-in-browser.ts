import type { Page } from "playwright-core";
import { openBrowser } from "../../support/browser.ts";
import { type Console, visitConsole } from "../../support/console.ts";
import { findProgram } from "../../support/find-program.ts";

/** Opens each page as for the first time. Returns the worst of each figure; nothing without a browser. */
export async function watchInBrowser(
  opsUrl: string,
  visitor: Console,
  pages: Readonly<Record<string, string>>,
  say: (text: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const program = await findProgram("chromium", "chromium-browser", "google-chrome");
  if (program === undefined) return {};
  await using browser = await openBrowser(program);
  const worst: Record<string, number> = {};
  for (const [name, path] of Object.entries(pages)) {
    await using visit = await visitConsole(browser, opsUrl, visitor);
    await visit.page.goto(`${opsUrl}/console${path}`);
    const figures = await readFigures(visit.page);
    say(`${name} in a browser: ${JSON.stringify(figures)}`);
    for (const [figure, value] of Object.entries(figures)) {
      const key = `console_browser_${figure}`;
      worst[key] = Math.max(worst[key] ?? 0, value);
    }
  }
  return worst;
}

type Figures = Readonly<
  Record<"interactive_milliseconds" | "loaded_milliseconds" | "painted_milliseconds" | "kilobytes", number>
>;

/** From the browser's own clock, which begins with the click. */
async function readFigures(page: Page): Promise<Figures> {
  return await page.evaluate<Figures>(`(async () => {
    const painted = await new Promise((resolve) => {
      new PerformanceObserver((list) => {
        const [paint] = list.getEntriesByName("first-contentful-paint");
        if (paint !== undefined) resolve(paint);
      }).observe({ type: "paint", buffered: true });
    });
    const [navigation] = performance.getEntriesByType("navigation");
    const loaded = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/"));
    return {
      interactive_milliseconds: Math.round(navigation.domInteractive),
      loaded_milliseconds: Math.round(navigation.loadEventEnd),
      painted_milliseconds: Math.round(painted.startTime),
      kilobytes: Math.ceil([navigation, ...loaded].reduce((sum, entry) => sum + entry.decodedBodySize, 0) / 1000),
    };
  })()`);
}
