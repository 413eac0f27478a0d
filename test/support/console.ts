import type { BrowserContextOptions } from "playwright-core";
import type { BrowserPage, TestBrowser } from "./browser.ts";
import { openDashboard, PASSWORDS, postSignIn } from "./dashboard.ts";

/** The console as somebody's browser uses it. */
export type Console = {
  readonly cookies: readonly string[];
  /** A page or a call under `/console`; redirects are answered, not followed. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** A page's HTML. Throws unless it is a 200. */
  page(path: string): Promise<string>;
  /** Submits a form of a page. */
  submit(path: string, form?: Readonly<Record<string, string>>): Promise<Response>;
};

/** The console as one of the dashboard's users sees it. */
export async function openConsoleAs(opsUrl: string, name: keyof typeof PASSWORDS): Promise<Console> {
  const answer = await postSignIn(opsUrl, { name, password: PASSWORDS[name] });
  const [cookie = ""] = answer.headers.getSetCookie();
  return openConsole(opsUrl, cookie.split(";", 1));
}

/** The console with these cookies; with none as a stranger sees it. */
export function openConsole(opsUrl: string, cookies: readonly string[] = []): Console {
  const { request: requestUnderDashboard } = openDashboard(opsUrl, cookies);
  function request(path: string, init: RequestInit = {}): Promise<Response> {
    return requestUnderDashboard(`/../console${path}`, { headers: { accept: "text/html" }, ...init });
  }
  return {
    ...{ cookies, request },
    async page(path) {
      const response = await request(path);
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
      return await response.text();
    },
    submit: (path, form = {}) => request(path, { method: "POST", body: new URLSearchParams(form) }),
  };
}

/** Opens a browser's page for somebody who has signed in. A minute has ten sign-ins. */
export async function visitConsole(
  browser: TestBrowser,
  opsUrl: string,
  { cookies }: Pick<Console, "cookies">,
  options?: BrowserContextOptions,
): Promise<BrowserPage> {
  const visit = await browser.visit(options);
  const pairs = cookies.map((cookie) => [cookie.slice(0, cookie.indexOf("=")), cookie] as const);
  await visit.page
    .context()
    .addCookies(pairs.map(([key, pair]) => ({ name: key, value: pair.slice(key.length + 1), url: opsUrl })));
  return visit;
}
