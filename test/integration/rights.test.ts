import { randomBytes } from "node:crypto";
import { diagnose } from "@bulk/admin/doctor/diagnose";
import { listAuditEntries } from "@bulk/store/audit";
import { writeGrants } from "@bulk/store/grant-script";
import { mergeRights, OPERATOR_RIGHTS, SERVICE_RIGHTS } from "@bulk/store/needed-rights";
import { listPauses, pause, resume } from "@bulk/store/pauses";
import { clearThrottle, setThrottle } from "@bulk/store/throttles";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { SERVICE_ROLE } from "../support/stranger.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

let service: WebhookService;
let receiver: WebhookReceiver;
let shop: Awaited<ReturnType<WebhookService["fillShop"]>>;

beforeAll(async () => {
  receiver = await openWebhookReceiver();
  service = await openWebhookService({ CHUNK_SIZE: "5" }, { host: "stranger" });
  shop = await service.fillShop({ products: 40, customers: 10, inUse: 2 });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

describe("with the rights that `pnpm admin grants` prints, and no others", () => {
  test("everything is done that API and workers do", async () => {
    const { token, productIds, customerIds, inUseProductIds } = shop;
    const endpoint = await service.register(token, receiver.url, {
      webhook_events: ["bulk_action.finished", "product.deleted"],
    });
    const preview = await service.call(token, "POST /v1/bulk_actions/preview", {
      bulk_action: { action_type: "delete_products", record_ids: productIds },
    });
    expect(preview).toMatchObject({
      status: 200,
      body: { applicable: productIds.length - inUseProductIds.length },
    });

    const canceled = await service.submit(token, "delete_products", productIds);
    expect((await service.call(token, `POST /v1/bulk_actions/${canceled.id}/cancel`)).status).toBe(200);
    await service.startWorker();
    const { status, body } = await service.call(token, `POST /v1/bulk_actions/${canceled.id}/retry`);
    expect(status, JSON.stringify(body)).toBe(200);
    const retried = (body as { readonly id: string }).id;
    await service.finished(token, retried);
    const customers = await service.submit(token, "delete_customers", customerIds);
    await service.finished(token, customers.id);

    expect(await service.database.query("SELECT id FROM products ORDER BY id")).toEqual(
      [...inUseProductIds].sort().map((id) => ({ id })),
    );
    expect(await service.database.query("SELECT FROM customers")).toEqual([]);
    await receiver.has(4);
    const change = { webhook_endpoint: { enabled: false } };
    expect((await service.call(token, `PATCH /v1/webhook_endpoints/${endpoint.id}`, change)).status).toBe(
      200,
    );
    expect((await service.deliveries(token, endpoint.id)).length).toBeGreaterThan(3);
    expect((await service.call(token, `DELETE /v1/webhook_endpoints/${endpoint.id}`)).status).toBe(200);
    for (const path of [
      "/dashboard",
      "/dashboard/api/queues",
      `/dashboard/bulk-actions/${retried}`,
      "/health/ready",
      "/metrics",
    ]) {
      expect([path, (await fetch(`${service.opsUrl}${path}`)).status]).toEqual([path, 200]);
    }
  });

  test("an operator's pause and throttle hold, and what is old is pruned and audited", async () => {
    const { token, accountId } = shop;
    const worker = await service.startWorker({ RETENTION_DAYS: "1" });
    const { id } = await service.submit(token, "delete_products", randomIds(1));
    await service.finished(token, id);
    await using operator = await createOperator();
    await pause(operator.database, { kind: "account", accountId }, { reason: "sale", pausedBy: "anna" });
    await setThrottle(operator.database, { actionType: null, recordsPerSecond: 1_000, setBy: "anna" });
    const held = await service.submit(token, "delete_products", randomIds(20));
    expect(await listPauses(operator.database)).toHaveLength(1);
    expect(await resume(operator.database, { kind: "account", accountId })).toBe(true);
    await service.finished(token, held.id);
    expect(await clearThrottle(operator.database, null)).toBe(true);

    await service.database.query(
      "UPDATE bulk_actions SET finished_at = now() - interval '2 days' WHERE id = $1",
      [id],
    );
    await eventually(async () => {
      const entries = await listAuditEntries(operator.database, { accountId, since: undefined, limit: 100 });
      expect(entries.find(({ bulkActionId }) => bulkActionId === id)?.prunedAt).toBeInstanceOf(Date);
    });
    await worker.stop();
  });

  test("the doctor finds nothing wrong with the schema or with rights, and names each right that is missing", async () => {
    const looks = async (check: string) =>
      (await diagnose({ environment: { DATABASE_URL: service.database.serviceUrl }, now: Date.now }))
        .filter((finding) => finding.check === check)
        .map(({ verdict, found }) => `${verdict} ${found}`);
    expect(await looks("rights")).toEqual([`ok ${SERVICE_ROLE} may do all that API and workers need.`]);
    expect(await looks("drift")).toEqual([expect.stringMatching(/^ok .*it has no right on .*orders/)]);
    expect(await looks("queue")).toEqual([expect.stringMatching(/^ok/)]);
    await service.database.query(
      `REVOKE INSERT ON audit_entries FROM ${SERVICE_ROLE}; REVOKE UPDATE ON throttles FROM ${SERVICE_ROLE}`,
    );
    expect(await looks("rights")).toEqual([
      `fault ${SERVICE_ROLE} may not INSERT on audit_entries.`,
      `fault ${SERVICE_ROLE} may not UPDATE on throttles.`,
    ]);
  });
});

/** A role with what `pnpm admin grants --for operators` prints for our own tables, and its connection. */
async function createOperator(): Promise<ReturnType<typeof openServiceDatabase>> {
  const role = `operator_${randomBytes(6).toString("hex")}`;
  await service.database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
  const rights = mergeRights(SERVICE_RIGHTS, OPERATOR_RIGHTS);
  for (const grant of writeGrants({ role, schema: "public", rights })) await service.database.query(grant);
  const url = new URL(service.database.url);
  url.username = role;
  url.password = role;
  const opened = openServiceDatabase(url.href);
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await service.database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    },
  };
}
