import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** A page in a real browser, and everything that a test could have against it. */
export type BrowserPage = AsyncDisposable & {
  readonly page: Page;
  /** What the console said that is an error or a warning, the policy's complaints included. */
  readonly complaints: string[];
  /** Where it asked for something. */
  readonly origins: ReadonlySet<string>;
};

/** A real browser, which knows nothing and calls nobody by itself. */
export type TestBrowser = AsyncDisposable & {
  /** Opens a page for somebody new: without cookies. */
  visit(options?: BrowserContextOptions): Promise<BrowserPage>;
};

/** Starts a browser for several visitors. */
export async function openBrowser(executablePath: string): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  return {
    visit: (options) => openPage(browser, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Opens a page in a browser of its own. */
export async function openBrowserPage(executablePath: string): Promise<BrowserPage> {
  const browser = await openBrowser(executablePath);
  return { ...(await browser.visit()), [Symbol.asyncDispose]: browser[Symbol.asyncDispose] };
}

async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1600 }, ...options });
  // Of clicks, waits and navigations: on a machine with work to do a page takes a hundred times as long.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) origins.add(new URL(request.url()).origin);
  });
  return { ...{ page, complaints, origins }, [Symbol.asyncDispose]: () => context.close() };
}

const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];
