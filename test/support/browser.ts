import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";

/** A page in a real browser, and everything that a test could have against it. */
export type BrowserPage = AsyncDisposable & {
  readonly page: Page;
  /** What the console said that is an error or a warning, the policy's complaints included. */
  readonly complaints: readonly string[];
  /** Where it asked for something. */
  readonly origins: ReadonlySet<string>;
};

/** Opens a page in a browser of its own, which knows nothing and calls nobody by itself. */
export async function openBrowserPage(executablePath: string): Promise<BrowserPage> {
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-browser-"));
  const context = await chromium.launchPersistentContext(directory, {
    ...{ executablePath, args: ARGUMENTS, viewport: { width: 1280, height: 1600 } },
  });
  const [page = await context.newPage()] = context.pages();
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) origins.add(new URL(request.url()).origin);
  });
  return {
    ...{ page, complaints, origins },
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];
