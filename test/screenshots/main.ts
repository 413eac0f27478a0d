import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "@bulk/local/stack/free-port";
import { startStack } from "@bulk/local/stack/stack";
import { commandLine } from "@bulk/service/process/command-line";
import type { Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { openConsoleAs, visitConsole } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { startEngines } from "../support/engines.ts";
import { findProgram } from "../support/find-program.ts";
import { type Scene, setScene } from "./scene.ts";

commandLine({
  name: "pnpm screenshots",
  description:
    "Starts everything on an embedded server in a temporary directory, with some shops and bulk actions, and writes " +
    "the pictures of docs/console.md and of Bull Board to docs/. Needs chromium on the PATH.",
  variables: {},
  example: "pnpm screenshots",
}).parse();

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

const executablePath = await findProgram("chromium", "chromium-browser", "google-chrome");
if (executablePath === undefined) throw new Error("There is no chromium on the PATH.");
const directory = await mkdtemp(join(tmpdir(), "bulk-actions-screenshots-"));
await using engines = await startEngines("postgres", []);
const [PORT, OPS_PORT, WORKER_OPS_PORT] = [
  await findFreePort(3100),
  await findFreePort(3200),
  await findFreePort(3300),
].map(String);
const stack = await startStack({
  engines: { environment: { DATABASE_URL: engines.databaseUrl } },
  environment: {
    ...{ PATH: process.env["PATH"], PORT, OPS_PORT, WORKER_OPS_PORT },
    ...{
      DASHBOARD_USERS: (await writeUsers()).join(),
      RESTORE_DAYS: "7",
      PROTECT: "off",
      CHUNK_SIZE: "250",
      MAX_RECORD_IDS: "250000",
    },
    ...{ WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"), WEBHOOK_ALLOW_LOOPBACK: "true" },
    DASHBOARD_SESSION_KEY: randomBytes(32).toString("base64"),
  },
  logDirectory: directory,
});
try {
  const [apiUrl, opsUrl] = [`http://127.0.0.1:${PORT}`, `http://127.0.0.1:${OPS_PORT}`];
  const scene = await setScene({ databaseUrl: engines.databaseUrl, apiUrl, opsUrl });
  await takeAll(executablePath, opsUrl, scene);
} finally {
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}

async function takeAll(program: string, opsUrl: string, scene: Scene): Promise<void> {
  await using browser = await openBrowser(program);
  const anna = await openConsoleAs(opsUrl, "anna");
  for (const picture of listPictures(scene)) {
    const { name, path, colorScheme, width = 1_280, height: most = 1_200, during, prepare } = picture;
    await using visit = await visitConsole(browser, opsUrl, anna, {
      ...{ viewport: { width, height: 900 }, colorScheme },
      ...{ timezoneId: "UTC", locale: "en-GB" },
    });
    const { page } = visit;
    const response = await page.goto(`${opsUrl}${path}`);
    if (response?.status() !== 200) throw new Error(`${path}: ${response?.status()}`);
    await using _scene = await during?.();
    await prepare?.(page);
    const height = Math.min(most, await page.locator("body").evaluate(({ scrollHeight }) => scrollHeight));
    const clip = { x: 0, y: 0, width, height };
    await page.screenshot({ path: join(DOCS, `${name}.png`), fullPage: true, clip });
    console.log(`docs/${name}.png`);
  }
}

type Picture = {
  /** Its path below `docs/`. */
  readonly name: string;
  readonly path: string;
  readonly colorScheme: "light" | "dark";
  readonly width?: number;
  /** A longer page is cut off. */
  readonly height?: number;
  /** Begins what goes on until the picture is taken. */
  readonly during?: () => Promise<AsyncDisposable>;
  /** What to do before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
};

function listPictures(scene: Scene): readonly Picture[] {
  const { running, ended, restored, accountName, productIds, holdTurns, failTurns } = scene;
  const light = { colorScheme: "light" } as const;
  const board = { ...light, width: 1440, height: 900 };
  return [
    { ...light, name: "console/now", path: "/console", prepare: seeWork },
    { name: "console/now-dark", path: "/console", colorScheme: "dark", prepare: seeWork },
    { ...light, name: "console/bulk-actions", path: "/console/bulk-actions" },
    { ...light, name: "console/bulk-action", path: `/console/bulk-actions/${running}`, prepare: seeSpeed },
    {
      ...light,
      name: "console/records",
      path: `/console/bulk-actions/${ended}/records?outcome=skipped`,
      height: 700,
    },
    { ...light, name: "console/confirmation", path: `/console/bulk-actions/${ended}/restore` },
    { ...light, name: "console/find", path: `/console/find?id=${restored}` },
    { ...light, name: "console/changes", path: "/console/changes" },
    {
      ...light,
      name: "console/new-preview",
      path: "/console/new",
      prepare: (page) => preview(page, accountName, productIds),
    },
    { ...light, name: "console/settings", path: "/console/settings" },
    { ...light, name: "console/doctor", path: "/console/settings/doctor", prepare: seeFindings },
    { ...board, name: "operations/dashboard-queues", path: "/dashboard", prepare: seeQueues },
    {
      ...board,
      name: "operations/dashboard-running",
      path: "/dashboard/queue/bulk-actions?status=active",
      during: holdTurns,
      prepare: seeText("delete_products"),
    },
    {
      ...board,
      name: "operations/dashboard-failed",
      path: "/dashboard/queue/bulk-actions?status=failed",
      during: failTurns,
      prepare: seeText("Nothing is lost"),
    },
  ];
}

function seeText(text: string): (page: Page) => Promise<void> {
  return (page) => page.getByText(text).last().waitFor();
}

async function seeQueues(page: Page): Promise<void> {
  await seeText("webhooks")(page);
  await page.getByText("Loading").waitFor({ state: "hidden" });
}

// The second reading shows how fast the work is.
async function seeSpeed(page: Page): Promise<void> {
  const speed = page.locator("#figures dd, #progress .headline").first();
  await speed.filter({ hasText: /[1-9]/ }).waitFor();
}

async function seeWork(page: Page): Promise<void> {
  await seeSpeed(page);
  // A throttled bulk action has a turn at some of the moments at which its worker tells.
  await page.locator("#workers", { hasText: /lane \d/ }).waitFor({ timeout: 60_000 });
}

async function seeFindings(page: Page): Promise<void> {
  await page.locator("#findings section").first().waitFor({ timeout: 60_000 });
}

async function preview(page: Page, accountName: string, productIds: readonly string[]): Promise<void> {
  await page.getByLabel("Account", { exact: true }).fill(accountName);
  await page.getByLabel("delete products", { exact: true }).check();
  await page.locator("#ids").fill(productIds.join("\n"));
  await page.getByRole("button", { name: "Preview" }).click();
  await page.locator("#confirm").waitFor();
}
