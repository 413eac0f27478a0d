import { randomBytes } from "node:crypto";
import type { RecordsFile } from "@bulk/records/declaration/records-file";
import { openRecords } from "@bulk/records/open-records";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openBrowserPage } from "../support/browser.ts";
import { type Console, openConsole, openConsoleAs } from "../support/console.ts";
import { PASSWORDS, writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { findAccessFaults } from "../support/find-access-faults.ts";
import { type TestRecords, writeRecordsFile } from "../support/records-file.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const MARKUP = "<img src=x onerror=alert(1)>";
const GONE = "public.gone (product_id) -> public.products (id) ON DELETE CASCADE";
const KEYS = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")] as const;

let records: TestRecords;
let service: TestService;
let users: readonly string[];
let anna: Console;
let ben: Console;

beforeAll(async () => {
  users = await writeUsers();
  records = await writeRecordsFile(declareGone(openRecords().declaration));
  service = await openTestService({
    ...{ DASHBOARD_USERS: users.join(), WEBHOOK_SECRET_KEY: KEYS[0], DASHBOARD_SESSION_KEY: KEYS[1] },
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://me:s3cret-1@collector.example:4318/v9?token=s3cret-2#s3cret-3",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=s3cret-4",
    OTEL_RESOURCE_ATTRIBUTES: "token=s3cret-5",
    ...{ RECORDS: records.path, WINDOW: "7", RESTORE_DAYS: "5", TRUSTED_PROXIES: "10.0.0.0/8,fd00::1" },
  });
  await service.database.query(`
    CREATE TABLE public."${MARKUP}" (product_id uuid REFERENCES public.products ON DELETE CASCADE);
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER "trigger ${MARKUP}" AFTER DELETE ON public.products FOR EACH ROW EXECUTE FUNCTION public.note();`);
  anna = await openConsoleAs(service.opsUrl, "anna");
  ben = await openConsoleAs(service.opsUrl, "ben");
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await records?.[Symbol.asyncDispose]();
});

describe("record types", () => {
  test("say what each action means, in words and steps, and how long it can be taken back", async () => {
    const page = readText(await ben.page("/settings"));
    expect(page).toContain("deletes its row of public.products");
    expect(page).toContain(
      "sets customer_id to null in the related rows (orders) of public.orders by customer_id = id",
    );
    expect(page).toContain("sets archived_at to the moment of the bulk action (UTC)");
    expect(page).toContain("record.in_use if public.line_items has rows of it (order_lines)");
    expect(page).toContain("can be restored for 5 days, by unarchive_products");
    expect(page).toContain("created_at: timestamptz, the column created_at");
  });

  test("say what the database does besides, with names of others as text, never as markup", async () => {
    const html = await ben.page("/settings");
    expect(readText(html)).toContain(
      `(product_id) -> public.products (id) ON DELETE CASCADE: the rows go along`,
    );
    expect(html).toContain("trigger &lt;img src=x onerror=alert(1)&gt;");
    expect(html).not.toContain("<img");
  });

  test("say what differs from the declaration, and how to end each difference", async () => {
    const html = await ben.page("/settings");
    expect(readText(html)).toContain(`The database lacks what is declared: ${GONE}`);
    expect(readText(html)).toContain(`remove "${GONE}" from "expects"`);
    expect(readText(html)).toContain("The database has what is not declared: public.line_items (product_id)");
    expect(readText(html)).toContain("records.product.actions.delete_products.expects");
  });

  test("say why the safety catch holds an action type", async () => {
    await service.database.query(`
      INSERT INTO bulk.pauses (scope, subject, reason, paused_by)
      VALUES ('declaration', 'delete_products', 'not declared: ${MARKUP}', 'the safety catch')`);
    const html = await ben.page("/settings");
    expect(readText(html)).toContain(
      `The safety catch holds delete products, so no chunk is begun: not declared: ${MARKUP}`,
    );
    expect(html).not.toContain("<img");
    await service.database.query("DELETE FROM bulk.pauses");
    expect(await ben.page("/settings")).not.toContain("safety catch holds");
  });
});

test("the configuration shows every variable of the API in force, with its meaning, and users without digests", async () => {
  const html = await ben.page("/settings/configuration");
  const rows = readRows(html);
  expect(rows["WINDOW"]).toMatchObject(["7", expect.stringContaining("lanes"), "API and workers"]);
  expect(rows["CHUNK_SIZE"]?.[0]).toBe("1000 (default)");
  expect(rows["TRUSTED_PROXIES"]?.[0]).toBe("10.0.0.0/8, fd00::1");
  expect(rows["MEMORY_IN_FLIGHT_MB"]?.[0]).toBe("not set");
  expect(rows["WEBHOOK_SECRET_KEY"]?.[0]).toBe("set");
  expect(rows["OTEL_EXPORTER_OTLP_ENDPOINT"]?.[0]).toBe("http://collector.example:4318/v9");
  expect(rows["DATABASE_URL"]?.[0]).toMatch(/^postgres(ql)?:\/\/[^@?]+$/);
  expect(readText(html)).toContain("anna, operator");
  expect(readText(html)).toContain("ben, viewer");
});

describe("the doctor", () => {
  test("looks when somebody opens its page, and the page shows what it found with the cure", async () => {
    expect(readText(await ben.page("/settings/doctor"))).toContain("The doctor is looking.");
    const page = await eventually(async () => {
      const latest = readText(await ben.page("/settings/doctor"));
      // A busy machine may give it too little time or memory.
      const hasFailed = !latest.includes("Fine (") && !latest.includes("The doctor is looking.");
      if (hasFailed) await anna.submit("/settings/doctor");
      expect(latest).toContain("Fine (");
      return latest;
    });
    expect(page).toMatch(/database: .*PostgreSQL 1\d/);
    // Nobody works here.
    expect(page).toMatch(/Warnings|Faults/);
  });

  test("is asked again by operators only", async () => {
    expect(await ben.page("/settings/doctor")).not.toContain("Run again");
    expect((await ben.submit("/settings/doctor")).status).toBe(403);
    expect(await anna.page("/settings/doctor")).toContain("Run again");
    const answer = await anna.submit("/settings/doctor");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console/settings/doctor"]);
    await eventually(async () =>
      expect(readText(await anna.page("/settings/doctor"))).toContain("Looked at"),
    );
  });
});

test("no page of the console has a secret of the configuration", async () => {
  const digests = users.map((user) => user.split(":").slice(2).join(":"));
  const password = new URL(service.database.serviceUrl).password;
  const secrets = [...KEYS, ...digests, "s3cret", ...(password === "" ? [] : [password])];
  const paths = [
    "",
    "/bulk-actions",
    "/new",
    "/changes",
    "/settings",
    "/settings/configuration",
    "/settings/doctor",
  ];
  for (const path of paths) {
    const html = await anna.page(path);
    expect([path, secrets.filter((secret) => html.includes(secret))]).toEqual([path, []]);
  }
});

test.skipIf(inject("chromium") === undefined)(
  "a browser shows every page at every width in both schemes without a serious fault, and the doctor's findings when they are there",
  { timeout: 400_000 },
  async () => {
    await using browser = await openBrowserPage(String(inject("chromium")));
    const { page, complaints, origins } = browser;
    await page.goto(`${service.opsUrl}/console/settings/doctor`);
    await page.getByLabel("Name").fill("anna");
    await page.getByLabel("Password").fill(PASSWORDS.anna);
    await page.getByRole("button", { name: "Sign in" }).click();
    // Asked before, it may still be at it.
    await page.getByText("The doctor is looking.").or(page.getByText("Looked at")).waitFor();
    await page.getByText("Looked at").waitFor({ timeout: 90_000 });
    for (const path of ["", "/configuration", "/doctor"]) {
      await page.goto(`${service.opsUrl}/console/settings${path}`);
      for (const summary of await page.locator("summary").all()) await summary.click();
      for (const width of [360, 1_280, 1_920]) {
        await page.setViewportSize({ width, height: 900 });
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const seen = [path, width, colorScheme];
          expect([...seen, await findAccessFaults(page)]).toEqual([...seen, []]);
        }
        const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        expect([path, width, Math.max(0, overflow)]).toEqual([path, width, 0]);
      }
    }
    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([service.opsUrl]);
  },
);

test("without a sign-in every page leads to the login", async () => {
  const stranger = openConsole(service.opsUrl);
  for (const path of ["/settings", "/settings/configuration", "/settings/doctor", "/settings/doctor/live"]) {
    expect([path, (await stranger.request(path)).status]).toEqual([path, 303]);
  }
});

/** The sample shop, whose products are guarded for what the database does not have. */
function declareGone({ records: { product, ...others } }: RecordsFile): RecordsFile["records"] {
  if (product === undefined) throw new Error("The sample shop has no products.");
  const { delete_products: action, ...actions } = product.actions;
  if (action === undefined) throw new Error("Products of the sample shop cannot be deleted.");
  return {
    ...others,
    product: { ...product, actions: { ...actions, delete_products: { ...action, expects: [GONE] } } },
  };
}

/** What a reader sees: without tags, and characters as they are. */
function readText(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#34;", '"')
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

function readRows(html: string): Readonly<Record<string, readonly string[]>> {
  const rows = html.matchAll(/<tr><th scope="row">(.*?)<\/th>(.*?)<\/tr>/g);
  return Object.fromEntries(
    [...rows].map(([, name = "", cells = ""]) => [
      readText(name),
      [...cells.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => readText(cell)),
    ]),
  );
}
