import { randomBytes, randomUUID } from "node:crypto";
import { digestPassword } from "@bulk/service/password-digest";
import { appRoutes } from "@bull-board/api/dist/routes.js";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { openBrowserPage } from "../support/browser.ts";
import { openConsole } from "../support/console.ts";
import {
  type Dashboard,
  openDashboard,
  PASSWORDS,
  postSignIn,
  signIn,
  writeUsers,
} from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { openRaw, requestHead } from "../support/raw-http.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const DASHBOARD_SESSION_KEY = randomBytes(32).toString("base64");

let users: readonly string[];
let service: TestService;
let anna: Dashboard;
let ben: Dashboard;

beforeAll(async () => {
  users = await writeUsers();
  service = await openTestService({
    ...{ CHUNK_SIZE: "10", DASHBOARD_USERS: users.join(), DASHBOARD_SESSION_KEY },
    WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64"),
    OPS_ALLOWED_HOSTS: "metrics.example,.svc.cluster.local",
  });
  anna = await signIn(service.opsUrl, "anna");
  ben = await signIn(service.opsUrl, "ben");
});

afterAll(() => service[Symbol.asyncDispose]());

describe("without a sign-in", () => {
  test("a page leads to the login, and every call is refused", async () => {
    const stranger = openDashboard(service.opsUrl);
    for (const path of ["", "/queue/bulk-actions", `/bulk-actions/${randomUUID()}`, "/static/js/main.js"]) {
      const answer = await stranger.request(path, { headers: { accept: "text/html" } });
      const to = encodeURIComponent(`/dashboard${path}`);
      expect([answer.status, answer.headers.get("location")]).toEqual([303, `/console/login?to=${to}`]);
    }
    for (const path of ["/api/queues", "/api/queues/bulk-actions/1", "/api/redis/stats"]) {
      expect((await stranger.request(path)).status).toBe(401);
    }
    for (const path of ["/pause", "/empty", "/retry/failed", "/obliterate"]) {
      expect((await stranger.change(path)).status).toBe(401);
    }
  });

  test("health is told all the same", async () => {
    expect(await (await fetch(`${service.opsUrl}/health/live`)).json()).toEqual({ status: "ok" });
    // A first answer may take longer than readiness waits for it, on a busy machine.
    await eventually(async () => {
      expect(await (await fetch(`${service.opsUrl}/health/ready`)).json()).toMatchObject({
        status: "ok",
        checks: expect.arrayContaining([{ name: "database", status: "ok" }]),
      });
    });
  });
});

test.each([
  [200, ["127.0.0.1:3001", "10.1.2.3:3001", "[fd00::7]:3001", "LOCALHOST", "Metrics.Example:3001"]],
  [200, ["bulk-actions-api.shop.svc.cluster.local", ""]],
  [403, ["rebound.example", "127.0.0.1.rebound.example", "xmetrics.example", "api", "svc.cluster.local"]],
])("the ops ports of API and worker answer with %i to the names %j", async (status, hosts) => {
  const worker = await service.startWorker();
  for (const url of [service.opsUrl, worker.opsUrl]) {
    for (const host of hosts) {
      for (const path of [
        "/metrics",
        "/health/live",
        ...(status === 403 ? ["/dashboard/login", "/no"] : []),
      ]) {
        await using connection = await openRaw(url);
        await connection.write(requestHead(`GET ${path}`, { host }));
        expect([host, path, (await connection.untilClosed()).slice(9, 12)]).toEqual([
          host,
          path,
          `${status}`,
        ]);
      }
    }
  }
  await worker.stop();
});

describe("signing in", () => {
  test("takes name and password of a user, and nothing else", async () => {
    const [own, other] = Object.values(PASSWORDS);
    for (const form of [
      { name: "anna", password: String(other) },
      { name: "nobody", password: String(own) },
      { name: "anna", password: "" },
      { name: "anna" },
    ]) {
      const answer = await postSignIn(service.opsUrl, form);
      expect(answer.status).toBe(401);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    const answer = await postSignIn(service.opsUrl, { name: "anna", password: PASSWORDS.anna });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console"]);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^bulk_actions_console=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
  });

  test("sets a cookie for TLS alone where TLS ends in front of the port", async () => {
    const form = { name: "ben", password: PASSWORDS.ben };
    const answer = await postSignIn(service.opsUrl, form, { "x-forwarded-proto": "https" });
    expect(answer.headers.getSetCookie()).toEqual([expect.stringContaining("; Secure;")]);
  });

  test("ends with a sign-out everywhere, in copies of the cookie too, and no other session with it", async () => {
    await using other = await openAnotherApi(service, {
      ...{ DASHBOARD_USERS: users.join(), DASHBOARD_SESSION_KEY },
    });
    const leaving = await signIn(other.opsUrl, "anna");
    const elsewhere = openDashboard(service.opsUrl, leaving.cookies);
    expect((await elsewhere.request("")).status).toBe(200);
    const answer = await leaving.request("/logout", { method: "POST" });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^bulk_actions_console=; Max-Age=0/),
    ]);
    expect((await leaving.request("/api/queues")).status).toBe(401);
    await eventually(async () => expect((await elsewhere.request("/api/queues")).status).toBe(401));
    expect((await openDashboard(other.opsUrl, anna.cookies).request("")).status).toBe(200);
  });

  test.each([
    ["password", async () => `anna:operator:${await digestPassword("another one")}`],
    ["role", async () => `${users[0]?.replace("operator", "viewer")}`],
  ])("ends with a change of %s", async (_what, change) => {
    await using other = await openAnotherApi(service, {
      ...{ DASHBOARD_USERS: [await change(), users[1]].join(), DASHBOARD_SESSION_KEY },
    });
    const statuses = [anna, ben].map(
      async (user) => (await openDashboard(other.opsUrl, user.cookies).request("")).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 200]);
  });

  test("cannot be made up", async () => {
    const forged = openDashboard(service.opsUrl, ["bulk_actions_console=Fe26.2*1*forged"]);
    expect((await forged.request("/api/queues")).status).toBe(401);
  });

  test("is done once for all processes with one key, as long as one is a user there", async () => {
    const [onlyAnna] = users;
    await using other = await openTestService({ DASHBOARD_USERS: onlyAnna, DASHBOARD_SESSION_KEY });
    const statuses = [anna, ben].map(
      async (user) => (await openDashboard(other.opsUrl, user.cookies).request("")).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 401]);
  });

  test("is answered with 429 at the eleventh attempt of a minute, the right password included", async () => {
    await using guarded = await openTestService({ DASHBOARD_USERS: users.join() });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await postSignIn(guarded.opsUrl, { name: "anna" })).status).toBe(401);
    }
    const answer = await postSignIn(guarded.opsUrl, { name: "anna", password: PASSWORDS.anna });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("another site's page", () => {
  test.each([
    ["of another site", { "sec-fetch-site": "cross-site" }],
    ["of another port of this host", { "sec-fetch-site": "same-site" }],
    ["of another origin, in a browser that says no more", { origin: "http://evil.example" }],
    ["without an origin of its own", { origin: "null" }],
  ])("changes nothing: %s", async (_what, headers) => {
    const pause = { method: "PUT", headers };
    expect((await anna.request("/api/queues/bulk-actions/pause", pause)).status).toBe(403);
    expect((await anna.request("/logout", { method: "POST", headers })).status).toBe(403);
    expect(await anna.queues("waiting")).toMatchObject([{ isPaused: false }, {}]);
  });
});

describe("who is signed in", () => {
  test("finds every answer out of caches and frames, with scripts of this origin only", async () => {
    for (const path of ["", "/login", "/api/queues", "/nowhere"]) {
      const { headers } = await ben.request(path);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("content-security-policy")).toMatch(
        /default-src 'none';script-src 'self';.*frame-ancestors 'none'/,
      );
    }
  });

  test("sees the turns' queue and the webhooks' beside each other, a viewer read-only", async () => {
    const names = [{ name: "bulk-actions" }, { name: "webhooks" }];
    expect(await anna.queues("waiting")).toMatchObject(
      names.map((queue) => ({ ...queue, readOnlyMode: false })),
    );
    expect(await ben.queues("waiting")).toMatchObject(
      names.map((queue) => ({ ...queue, readOnlyMode: true })),
    );
  });

  test("changes nothing as a viewer", async () => {
    const changes = listChanges();
    expect(changes.length).toBeGreaterThan(20);
    for (const { method, path } of [...changes, { method: "DELETE", path: "/api/queues/new" }]) {
      expect([path, (await ben.request(path, { method })).status]).toEqual([path, 403]);
    }
    expect(await ben.queues("waiting")).toMatchObject([{ isPaused: false }, { isPaused: false }]);
  });

  test.each([
    ["PUT", "/obliterate", { force: true }],
    ["PUT", "/concurrency", { concurrency: 1 }],
    ["PUT", "/rate-limit", { max: 1, duration: 3_600_000 }],
    ["POST", "/add", { name: "delete_customers", data: {}, options: {} }],
    ["PATCH", "/1/update-data", { jobData: {} }],
    ["PATCH", "/1/priority", { priority: 9 }],
    ["PATCH", "/1/delay", { runAt: 0 }],
  ])(
    "cannot, as an operator, what would break a promise or stop everything unseen: %s %s",
    async (method, path, body) => {
      const answer = await anna.change(path, method, body);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ message: expect.stringContaining("docs/operations.md") });
    },
  );

  test("reads of each turn what it did, and finds its bulk action behind a link, without a record's id", async () => {
    const { token, productIds } = await service.fillShop({ products: 30, inUse: 4 });
    const { id } = await service.submit(token, "delete_products", productIds);
    const worker = await service.startWorker();
    await service.finished(token, id);
    // Ends after the turns that it has begun, and the status is written before the last of them is.
    await worker.stop();
    const jobs = await ben.jobs("completed");

    for (const { name, data } of jobs) {
      expect(name).toBe(`delete_products ${id.slice(0, 8)} · lane ${data["lane"]} · turn ${data["turn"]}`);
      expect(Object.keys(data)).toEqual(["bulkActionId", "generation", "lane", "turn"]);
    }
    const settled = jobs.find((job) => job.returnValue["ending"] === "settled");
    expect(settled).toMatchObject({
      progress: 100,
      returnValue: { meaning: "this turn wrote the terminal status" },
      externalUrl: { href: `/console/bulk-actions/${id}` },
    });
    expect([sum(jobs, "deleted"), sum(jobs, "skipped"), sum(jobs, "failed")]).toEqual([26, 4, 0]);

    const link = await ben.request(`/bulk-actions/${id}`);
    expect([link.status, link.headers.get("location")]).toEqual([301, `/console/bulk-actions/${id}`]);
  });
});

test.skipIf(inject("chromium") === undefined)(
  "a browser works under the policy: from the login to a turn and its bulk action, and out",
  async () => {
    const { token, productIds } = await service.fillShop({ products: 5, inUse: 2 });
    const worker = await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.finished(token, id);
    await worker.stop();
    await using browser = await openBrowserPage(String(inject("chromium")));
    const { page, complaints, origins } = browser;

    await page.goto(`${service.opsUrl}/dashboard`);
    await page.getByLabel("Name").fill("anna");
    await page.getByLabel("Password").fill(PASSWORDS.anna);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "bulk-actions" }).click();
    await page
      .getByText(`delete_products ${id.slice(0, 8)} · lane 1 · turn 1`)
      .first()
      .waitFor();
    await page.goto(`${service.opsUrl}/dashboard/bulk-actions/${id}`);
    await page.getByRole("heading", { name: "delete products, 5 records" }).waitFor();
    await page.goto(`${service.opsUrl}/dashboard/login`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
    await page.goto(`${service.opsUrl}/dashboard`);
    await page.getByLabel("Password").waitFor();

    expect(complaints).toEqual([]);
    expect([...origins]).toEqual([service.opsUrl]);
  },
);

describe("without users", () => {
  test("the dashboard is to look at only, and answers to this machine's names only", async () => {
    await using open = await openTestService();
    const anybody = openDashboard(open.opsUrl);
    expect(await anybody.queues("waiting")).toMatchObject([{ name: "bulk-actions", readOnlyMode: true }]);
    expect((await anybody.change("/empty")).status).toBe(403);
    const look = openConsole(open.opsUrl);
    const { token, productIds } = await open.fillShop({ products: 1 });
    const { id } = await open.submit(token, "delete_products", productIds);
    const words = "Nobody can change anything here until DASHBOARD_USERS names an operator";
    expect(await look.page(`/bulk-actions/${id}`)).toContain(words);
    for (const path of ["/new", `/bulk-actions/${id}/cancel`]) {
      const refused = await look.request(path);
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining(words)]);
    }
    expect((await look.submit(`/bulk-actions/${id}/cancel`)).status).toBe(403);
    await open.database.query(
      "INSERT INTO bulk.pauses (scope, subject, paused_by) VALUES ('all', '', 'carl')",
    );
    await eventually(async () =>
      expect(await look.page("")).toContain("To end it: <code>pnpm admin resume --all</code>"),
    );
    await using connection = await openRaw(open.opsUrl);
    await connection.write(requestHead("GET /dashboard/api/queues", { host: "rebound.example" }));
    expect(await connection.untilClosed()).toMatch(/^HTTP\/1.1 403 /);
  });

  test("the dashboard is off where the port is not on loopback, and health is not", async () => {
    await using open = await openTestService({ OPS_HOST: "0.0.0.0" });
    const answer = await openDashboard(open.opsUrl).request("");
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("DASHBOARD_USERS is not set");
    expect((await fetch(`${open.opsUrl}/health/live`)).status).toBe(200);
  });
});

/** All that the installed version of Bull Board has to change something. */
function listChanges(): readonly { readonly method: string; readonly path: string }[] {
  return appRoutes.api.flatMap(({ method, route }) => {
    const paths = [route]
      .flat()
      .map((one) => one.replace(":queueName", "bulk-actions").replace(/:\w+/g, "1"));
    const methods = [method].flat().map((one) => one.toUpperCase());
    return methods
      .filter((one) => one !== "GET")
      .flatMap((one) => paths.map((path) => ({ method: one, path })));
  });
}

function sum(
  jobs: readonly { readonly returnValue: Readonly<Record<string, unknown>> }[],
  key: string,
): number {
  return jobs.reduce((total, job) => total + Number(job.returnValue[key]), 0);
}
