import { randomUUID } from "node:crypto";
import { diagnose } from "@bulk/admin/doctor/diagnose";
import { openDatabase } from "@bulk/store/database";
import { dropExpiredRows } from "@bulk/store/retention/kept-rows";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { openConsole } from "../support/console.ts";
import { type BoardJob, type Dashboard, signIn, writeUsers } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { createOperator, runPrintedGrants } from "../support/granted-role.ts";
import { lockRows } from "../support/lock-rows.ts";
import { startProgram } from "../support/program.ts";
import { SERVICE_ROLE } from "../support/service-role.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

let service: WebhookService;
let receiver: WebhookReceiver;
let anna: Dashboard;
let operator: Awaited<ReturnType<typeof createOperator>>;

beforeAll(async () => {
  receiver = await openWebhookReceiver();
  service = await openWebhookService(
    {
      CHUNK_SIZE: "5",
      LOCK_TIMEOUT_MS: "200",
      DASHBOARD_USERS: (await writeUsers()).join(),
    },
    {
      host: "stranger",
      async prepare(database, redis) {
        await database.query(`DROP OWNED BY ${SERVICE_ROLE}`);
        await runPrintedGrants(database, { REDIS_URL: redis?.url }, ["--role", SERVICE_ROLE]);
      },
    },
  );
  operator = await createOperator(service.database, { REDIS_URL: service.redis?.url });
  anna = await signIn(service.opsUrl, "anna");
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

describe("with the rights that `pnpm admin grants` prints, and no others", () => {
  test("bulk actions are created once, canceled, retried, waited for, followed and read", async () => {
    const { token, productIds, customerIds, inUseProductIds } = await service.fillShop({
      products: 40,
      customers: 10,
      inUse: 2,
    });
    const deletion = { bulk_action: { action_type: "delete_products", record_ids: productIds } };
    expect(await call(token, "POST /v1/bulk_actions/preview", deletion)).toMatchObject({
      applicable: productIds.length - inUseProductIds.length,
    });

    const key = { "idempotency-key": randomUUID() };
    const { id: canceled } = await read(await post(token, "/v1/bulk_actions", deletion, key));
    const repeated = await post(token, "/v1/bulk_actions", deletion, key);
    expect(repeated.headers.get("idempotent-replayed")).toBe("true");
    expect(await read(repeated)).toMatchObject({ id: canceled, status: "pending" });
    await call(token, `POST /v1/bulk_actions/${canceled}/cancel`);
    const retrying = { "idempotency-key": randomUUID() };
    const retry = () => post(token, `/v1/bulk_actions/${canceled}/retry`, undefined, retrying);
    const { id: retried } = await read(await retry());
    expect(await read(await retry())).toMatchObject({ id: retried });
    const events = (await service.request(token, `/v1/bulk_actions/${retried}/events`)).text();

    const worker = await service.startWorker();
    expect(await service.finished(token, retried)).toMatchObject({ status: "completed" });
    expect(await events).toMatch(/event: snapshot[\s\S]*event: end/);
    const archiving = { bulk_action: { action_type: "archive_products", record_ids: inUseProductIds } };
    const waited = await post(token, "/v1/bulk_actions", archiving, { prefer: "wait=30" });
    expect(waited.headers.get("preference-applied")).toBe("wait=30");
    expect(await read(waited)).toMatchObject({ status: "succeeded" });
    const customers = await service.submit(token, "delete_customers", customerIds);
    expect(await service.finished(token, customers.id)).toMatchObject({ status: "succeeded" });
    await worker.stop();

    const records = await call(token, `GET /v1/bulk_actions/${retried}/records?outcome[]=skipped`);
    expect(records["data"]).toHaveLength(inUseProductIds.length);
    expect((await call(token, "GET /v1/bulk_actions?expand[]=details"))["data"]).toHaveLength(4);
    expect(
      await service.database.query("SELECT id FROM products WHERE archived_at IS NOT NULL ORDER BY id"),
    ).toEqual([...inUseProductIds].sort().map((id) => ({ id })));
    expect(await service.database.query("SELECT FROM products WHERE archived_at IS NULL")).toEqual([]);
    expect(await service.database.query("SELECT FROM customers")).toEqual([]);
  });

  test("webhooks are registered, changed, tested, sent, sent again, pruned and removed", async () => {
    const { token, productIds, customerIds } = await service.fillShop(
      { products: 2, customers: 1, inUse: 1 },
      "hooked",
    );
    const { id } = await service.register(token, receiver.url);
    const endpoint = `/v1/webhook_endpoints/${id}`;
    const webhook_events = [
      "bulk_action.finished",
      "product.deleted",
      "product.archived",
      "customer.deleted",
    ];
    await call(token, `PATCH ${endpoint}`, { webhook_endpoint: { webhook_events } });
    await call(token, `POST ${endpoint}/rotate_secret`);
    const worker = await service.startWorker({ RETENTION_DAYS: "1" });
    const deletion = await service.submit(token, "delete_products", productIds);
    await service.finished(token, deletion.id);
    for (const [type, ids] of [
      ["archive_products", productIds.slice(0, 1)],
      ["delete_customers", customerIds],
    ] as const) {
      const { id } = await service.submit(token, type, ids);
      await service.finished(token, id);
    }
    await call(token, `POST ${endpoint}/test`);
    await receiver.has(7);
    const types = receiver.received.map(({ body }) => (JSON.parse(body) as { readonly type: string }).type);
    expect(new Set(types)).toEqual(new Set([...webhook_events, "webhook_endpoint.test"]));
    const [delivery] = await eventually(async () => {
      const deliveries = await service.deliveries(token, id);
      expect(deliveries.map(({ status }) => status)).toEqual(Array(7).fill("succeeded"));
      return deliveries;
    });
    await call(token, `POST /v1/webhook_deliveries/${delivery?.id}/redeliver`);
    await receiver.has(8);

    await service.database.query("UPDATE bulk.webhook_deliveries SET created_at = now() - interval '9 days'");
    // The others are pruned with their bulk actions.
    await eventually(async () => {
      const left = (await service.deliveries(token, id)).map(({ type }) => type);
      expect(left).toHaveLength(6);
      expect(left).not.toContain("webhook_endpoint.test");
    }, PATIENCE_MS);
    await worker.stop();
    expect(await call(token, `GET ${endpoint}`)).toMatchObject({ id, enabled: true });
    expect((await call(token, "GET /v1/webhook_endpoints"))["data"]).toHaveLength(1);
    await call(token, `DELETE ${endpoint}`);
  });

  test("what was deleted is previewed, restored and purged, and what has expired is dropped", async () => {
    const { token, productIds } = await service.fillShop({ products: 3 }, "undone");
    const worker = await service.startWorker();
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.finished(token, id);
    const path = `POST /v1/bulk_actions/${id}`;
    expect(await call(token, `${path}/restore/preview`)).toMatchObject({ total: 3, applicable: 3 });
    const restore = await call(token, `${path}/restore`);
    expect(await service.finished(token, String(restore["id"]))).toMatchObject({ status: "succeeded" });
    await call(token, `${path}/purge`);
    await worker.stop();
    const database = openDatabase({
      ...{ url: service.database.serviceUrl, applicationName: "test", poolSize: 1 },
      ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
    });
    try {
      expect(await dropExpiredRows(database)).toBe(0);
    } finally {
      await database.$disconnect();
    }
    await service.database.query("DELETE FROM products WHERE id = ANY ($1)", [productIds]);
  });

  test("the dashboard shows everything, and its operator pauses, removes, promotes and retries turns", async () => {
    const { token, productIds } = await service.fillShop({ products: 10 }, "watched");
    await click("/pause");
    const { id } = await service.submit(token, "delete_products", productIds);
    const [turn] = await expectTurns("waiting", id);
    for (const path of ["", "/queue/bulk-actions", "/api/queues?activeQueue=webhooks"])
      expect([path, (await anna.request(path)).status]).toEqual([path, 200]);
    const pages = [
      "",
      "/bulk-actions",
      `/bulk-actions/${id}`,
      `/bulk-actions/${id}/records`,
      "/new",
      "/changes",
    ];
    for (const path of [...pages, "/settings", "/settings/configuration", "/settings/doctor"])
      await openConsole(service.opsUrl, anna.cookies).page(path);
    await click(`/${turn?.id}/clean`);
    await click("/empty");
    await click("/resume");

    await using locked = await lockRows(service.database, "products", productIds);
    const worker = await service.startWorker();
    // A turn may come due before the click. The next one backs off as well, as long as the rows are locked.
    await eventually(async () => {
      const [delayed] = await expectTurns("delayed", id);
      await click(`/${delayed?.id}/promote`);
    }, PATIENCE_MS);
    await locked.release();
    await service.finished(token, id);
    await expectTurns("completed", id);
    await click("/retry/completed");
    await eventually(() => click("/clean/completed"));
    await worker.stop();
    for (const path of ["/health/ready", "/metrics"])
      expect([path, (await fetch(`${service.opsUrl}${path}`)).status]).toEqual([path, 200]);
  });

  test("an operator's pause holds until it is removed, and what is old is pruned and audited", async () => {
    const { token, accountId, productIds } = await service.fillShop({ products: 10 }, "paused");
    await admin("pause", "--account", accountId, "--reason", "sale");
    const worker = await service.startWorker({ RETENTION_DAYS: "1" });
    const { id } = await service.submit(token, "delete_products", productIds);
    // The first turn that meets the pause ends the generation.
    await eventually(async () => {
      const actions = await service.database.query("SELECT generation FROM bulk.bulk_actions WHERE id = $1", [
        id,
      ]);
      expect(actions).toEqual([{ generation: 2 }]);
    }, PATIENCE_MS);
    expect(await service.retrieve(token, id)).toMatchObject({ status: "pending" });
    await admin("resume", "--account", accountId);
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded" });

    await service.database.query(
      "UPDATE bulk.bulk_actions SET finished_at = now() - interval '2 days' WHERE id = $1",
      [id],
    );
    await eventually(async () => {
      const left = await service.database.query("SELECT FROM bulk.bulk_actions WHERE id = $1", [id]);
      expect(left).toEqual([]);
    }, PATIENCE_MS);
    const entries = JSON.parse(await admin("audit", "list", "--account", accountId, "--json")) as unknown;
    expect(entries).toMatchObject([{ bulk_action_id: id, pruned_at: expect.any(String) }]);
    await worker.stop();
  });

  test("an operator's throttle is charged for every record, and while its budget is spent nothing is done", async () => {
    const { token, productIds } = await service.fillShop({ products: 30 }, "throttled");
    await admin("throttle", "set", "--action-type", "delete_products", "--records-per-second", "20");
    const worker = await service.startWorker();
    const first = await service.submit(token, "delete_products", productIds.slice(0, 20));
    await service.finished(token, first.id);
    // A fifth of a second of unused budget is kept.
    const [charge] = await service.database.query(
      "SELECT spent_until - set_at >= interval '1 second' - interval '0.2 seconds' AS charged FROM bulk.throttles",
    );
    expect(charge).toEqual({ charged: true });

    await service.database.query("UPDATE bulk.throttles SET spent_until = now() + interval '1 hour'");
    const held = await service.submit(token, "delete_products", productIds.slice(20));
    await eventually(async () => {
      const [asked] = await service.database.query(
        "SELECT called_until > set_at AS asked FROM bulk.throttles",
      );
      expect(asked).toEqual({ asked: true });
    }, PATIENCE_MS);
    expect(await service.database.query("SELECT FROM products WHERE archived_at IS NULL")).toHaveLength(10);
    await admin("throttle", "clear", "--action-type", "delete_products");
    expect(await service.finished(token, held.id)).toMatchObject({ status: "succeeded" });
    await worker.stop();
  });

  test("the doctor finds nothing wrong with the schema or with rights, and names each right that is missing", async () => {
    const environment = {
      DATABASE_URL: service.database.serviceUrl,
      ...(service.redis && { REDIS_URL: service.redis.url }),
    };
    const looks = async (check: string) =>
      (await diagnose({ environment, now: Date.now }))
        .filter((finding) => finding.check === check)
        .map(({ verdict, found }) => `${verdict} ${found}`);
    expect(await looks("rights")).toEqual([
      `ok ${SERVICE_ROLE} has every right that API and workers need.`,
      expect.stringMatching(/^warning The activity of other users' sessions is hidden .*PROTECT=off/),
    ]);
    expect(await looks("drift")).toEqual([
      "ok Every table, column, index and foreign key of this version exists.",
    ]);
    expect(await looks("queue")).toEqual([expect.stringMatching(/^ok/)]);
    await service.database.query(
      `REVOKE INSERT ON bulk.audit_entries FROM ${SERVICE_ROLE}; REVOKE UPDATE ON bulk.throttles FROM ${SERVICE_ROLE};
       REVOKE EXECUTE ON FUNCTION bulk.drop_expired_rows() FROM ${SERVICE_ROLE}`,
    );
    expect(await looks("rights")).toEqual([
      `fault ${SERVICE_ROLE} may not INSERT on bulk.audit_entries.`,
      `fault ${SERVICE_ROLE} may not UPDATE on bulk.throttles.`,
      `fault ${SERVICE_ROLE} may not call bulk.drop_expired_rows().`,
    ]);
    expect(await looks("drift")).toEqual([
      expect.stringMatching(/^ok .*this user has no right on: audit_entries\.$/),
    ]);
  });
});

const PATIENCE_MS = 60_000;

/** Sends a request that must succeed; returns its body. */
async function call(token: string, request: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await service.call(token, request, body);
  expect([request, answer.status, answer.status === 200 ? "" : answer.body]).toEqual([request, 200, ""]);
  return answer.body as Record<string, unknown>;
}

function post(token: string, path: string, body: unknown, headers: Readonly<Record<string, string>>) {
  return service.request(token, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function read(response: Response): Promise<WireAction> {
  const text = await response.text();
  expect([response.status, response.ok ? "" : text]).toEqual([200, ""]);
  return JSON.parse(text) as WireAction;
}

/** Clicks something of the bulk actions' queue. */
async function click(path: string): Promise<void> {
  const response = await anna.change(path);
  expect([path, response.status, response.ok ? "" : await response.text()]).toEqual([
    path,
    response.status,
    "",
  ]);
}

/** Waits until the dashboard shows turns of a bulk action in this state. */
function expectTurns(state: string, id: string): Promise<readonly BoardJob[]> {
  return eventually(async () => {
    const turns = (await anna.jobs(state)).filter(({ data }) => data["bulkActionId"] === id);
    expect(turns.length).toBeGreaterThan(0);
    return turns;
  }, PATIENCE_MS);
}

/** Runs a command of the operator as a process, with the operator's rights; returns what it prints. */
async function admin(...words: readonly string[]): Promise<string> {
  const environment = { DATABASE_URL: operator.url };
  await using program = startProgram("apps/admin/src/main.ts", environment, words);
  const { code } = await program.exited();
  expect([code, code === 0 ? "" : program.output()]).toEqual([0, ""]);
  return program.output();
}
