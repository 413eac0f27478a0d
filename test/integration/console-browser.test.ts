import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type BrowserPage, openBrowser, type TestBrowser } from "../support/browser.ts";
import { openConsoleAs, visitConsole } from "../support/console.ts";
import { writeUsers } from "../support/dashboard.ts";
import { findAccessFaults } from "../support/find-access-faults.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const WIDTHS = [360, 1280, 1920];

/** The scheme in which a page of this width is judged: contrast depends on it alone, and all else on the width alone. */
const SCHEMES: Readonly<Record<number, "light" | "dark">> = { 360: "light", 1920: "dark" };

let service: WebhookService;
let receiver: WebhookReceiver;
let browser: TestBrowser;
let stage: Stage;

describe.skipIf(inject("chromium") === undefined)("in a browser", () => {
  beforeAll(async () => {
    receiver = await openWebhookReceiver();
    service = await openWebhookService({
      ...{ CHUNK_SIZE: "10", DASHBOARD_USERS: (await writeUsers()).join(), RESTORE_DAYS: "7" },
      DASHBOARD_SESSION_KEY: randomBytes(32).toString("base64"),
    });
    stage = await setStage();
    browser = await openBrowser(String(inject("chromium")));
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  describe.each(["anna", "ben"] as const)("what %s sees", (name) => {
    let visit: BrowserPage;

    beforeAll(async () => {
      visit = await visitConsole(browser, service.opsUrl, await openConsoleAs(service.opsUrl, name));
    });

    afterAll(() => visit[Symbol.asyncDispose]());

    test.each(name === "anna" ? [...PAGES, ...CONFIRMATIONS] : PAGES)(
      "at %s is read by everybody, at every width, in both schemes, and calls nobody",
      async (place) => {
        const { page, complaints, origins } = visit;
        complaints.length = 0;
        const response = await page.goto(`${service.opsUrl}/console${fillIn(place, stage)}`);
        const status = response?.status() ?? 0;
        expect(status).toBeLessThan(500);
        if (name === "anna" && !EXPECTED_REFUSALS.has(place)) expect(status).toBe(200);
        expect(await lookAt(page)).toEqual([]);
        expect(complaints.filter((text) => !isAbout(status, text))).toEqual([]);
        expect([...origins]).toEqual([service.opsUrl]);
      },
    );
  });
});

type Stage = {
  /** With deleted, skipped and failed records, kept for a restore, and with a delivered webhook. */
  readonly ended: string;
  /** Held by a pause of its own; its type is throttled. */
  readonly open: string;
  /** With chunks that the database refused. */
  readonly troubled: string;
  readonly canceled: string;
  readonly deliveryId: string;
  /** Of a record that was skipped. */
  readonly recordId: string;
};

const UNKNOWN = "/nowhere";

const REFUSED_FILTER = "/bulk-actions?account=nobody&from=soon";

/** Every page of the console, also for those who only look. Names in braces are of the stage. */
const PAGES = [
  ...["", "/login", "/new", "/changes", UNKNOWN],
  ...["/settings", "/settings/configuration", "/settings/doctor"],
  ...["/find?id={recordId}", "/find?id=nobody"],
  ...["/bulk-actions", "/bulk-actions?status=paused", "/bulk-actions?type=none", REFUSED_FILTER],
  ...["ended", "open", "troubled", "canceled"].map((action) => `/bulk-actions/{${action}}`),
  ...["", "?outcome=skipped", "?outcome=failed"].map((query) => `/bulk-actions/{ended}/records${query}`),
  "/bulk-actions/{troubled}/pause",
];

/** Pages that ask before a change. One refuses a viewer as another does. */
const CONFIRMATIONS = [
  ...["throttle", "unthrottle", "cancel"].map((change) => `/bulk-actions/{troubled}/${change}`),
  ...["/bulk-actions/{open}/resume", "/bulk-actions/{canceled}/retry", "/bulk-actions/{ended}/restore"],
  "/deliveries/{deliveryId}/redeliver",
];

const EXPECTED_REFUSALS: ReadonlySet<string> = new Set([UNKNOWN, REFUSED_FILTER]);

function fillIn(place: string, stage: Stage): string {
  return place.replace(/\{(\w+)\}/, (_, name) => String(Reflect.get(stage, name)));
}

/** What is wrong with a page as it is now. */
async function lookAt(page: Page): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (Number(overflow) > 0) faults.push(`${overflow} px wider than ${width} px`);
    const colorScheme = SCHEMES[width];
    if (colorScheme === undefined) continue;
    await page.emulateMedia({ colorScheme });
    const found = await findAccessFaults(page);
    faults.push(...found.map((fault) => `${width} px, ${colorScheme}: ${fault}`));
  }
  return faults;
}

// Chromium says so of a page itself.
function isAbout(status: number, complaint: string): boolean {
  return status >= 400 && complaint.includes(`responded with a status of ${status}`);
}

async function setStage(): Promise<Stage> {
  const { token, productIds } = await service.fillShop({ products: 60, inUse: 5 }, "acme");
  await service.register(token, receiver.url);
  const worker = await service.startWorker();
  const ended = await service.submit(token, "delete_products", productIds.slice(0, 20));
  await service.finished(token, ended.id);
  await receiver.has(1);
  const anna = await openConsoleAs(service.opsUrl, "anna");
  // The restore ends before anybody works on it, so that something is left to restore.
  await worker.stop();
  const restore = await anna.submit(`/bulk-actions/${ended.id}/restore`);
  await anna.submit(`${restore.headers.get("location")?.replace("/console", "")}/cancel`);
  const left = productIds.slice(20, 30);
  const canceled = await service.submit(token, "delete_products", left);
  await anna.submit(`/bulk-actions/${canceled.id}/cancel`);
  const open = await service.submit(token, "delete_products", left);
  await anna.submit(`/bulk-actions/${open.id}/pause`, { reason: "the shop has a sale" });
  const troubled = await service.submit(token, "delete_products", productIds.slice(30));
  await anna.submit(`/bulk-actions/${troubled.id}/throttle`, { records_per_second: "50" });
  await service.database.query(
    "UPDATE bulk.bulk_action_chunks SET last_error = $2, attempts = 3, slice_size = 5 WHERE bulk_action_id = $1",
    [troubled.id, "Raw query failed. Code: `42501`. Message: `permission denied for table products`"],
  );
  const [delivery] = await service.database.query<{ id: string }>("SELECT id FROM bulk.webhook_deliveries");
  await service.database.query(`
    INSERT INTO bulk.workers (id, host, pid, version, places, turns, records_per_second, seen_at)
    VALUES (gen_random_uuid(), 'worker-1', 7, '0.8.0', 4, '[]', 12.5, now() + interval '1 hour')`);
  return {
    ...{ ended: ended.id, open: open.id, troubled: troubled.id, canceled: canceled.id },
    ...{ deliveryId: delivery?.id ?? "", recordId: productIds[0] ?? "" },
  };
}
