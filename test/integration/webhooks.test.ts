import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { closeServer, listen } from "@bulk/service/process/listen";
import { openDatabase } from "@bulk/store/database";
import { claimDelivery, recordAttempt } from "@bulk/store/webhooks/claim-delivery";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { expectDocumentedEvent } from "../support/documented.ts";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import {
  openWebhookReceiver,
  type ReceivedWebhook,
  type WebhookReceiver,
} from "../support/webhook-receiver.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

type Event = {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly object: { readonly data: readonly { readonly id: string }[] } };
};

let service: WebhookService;

beforeAll(async () => {
  service = await openWebhookService({ CHUNK_SIZE: "10" });
  await service.startWorker();
});

afterAll(() => service[Symbol.asyncDispose]());

describe("an ended bulk action", () => {
  test("is told of, in the base contract's shape, signed in both schemes", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({ products: 12, inUse: 2 }, "told");
    const endpoint = await service.register(shop.token, receiver.url);
    const { id } = await service.submit(shop.token, "delete_products", shop.productIds);
    const ended = await service.finished(shop.token, id);

    const [webhook] = await receiver.has(1);

    expect(JSON.parse(webhook?.body ?? "")).toStrictEqual({
      id: webhook?.headers["webhook-id"],
      object: "event",
      type: "bulk_action.finished",
      account: shop.accountId,
      created_at: expect.any(Number),
      data: {
        object: {
          ...{ id, object: "bulk_action", action_type: "delete_products", status: "completed" },
          ...{ total: 12, deleted: 10, skipped: 2, failed: 0 },
          ...{ created_at: ended.created_at, updated_at: ended.updated_at },
          details: await readDetails(shop.token, id),
        },
      },
    });
    await expectDocumentedEvent(service.url, webhook?.body ?? "");
    expect(webhook?.headers["content-type"]).toBe("application/json");
    expectSigned(webhook, endpoint.signing_secret);
  });

  test("that was canceled is told from one that failed", async () => {
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService();
    const shop = await own.fillShop({});
    await own.register(shop.token, receiver.url);
    const { id } = await own.submit(shop.token, "delete_products", randomIds(3));
    await own.call(shop.token, `POST /v1/bulk_actions/${id}/cancel`);

    await own.startWorker();

    const [webhook] = await receiver.has(1);
    expect(JSON.parse(webhook?.body ?? "")).toMatchObject({
      data: { object: { status: "completed", details: { outcome: "canceled", not_attempted: 3 } } },
    });
  });

  test("is told of to each endpoint under one id, and only to those that subscribe", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({ customers: 3 }, "several");
    await service.register(shop.token, `${receiver.url}?one`);
    await service.register(shop.token, `${receiver.url}?two`);
    const other = await service.register(shop.token, receiver.url, { webhook_events: ["product.deleted"] });
    const off = await service.register(shop.token, receiver.url, { enabled: false });
    const { id } = await service.submit(shop.token, "delete_customers", shop.customerIds);
    await service.finished(shop.token, id);

    const webhooks = await receiver.has(2);

    expect(new Set(webhooks.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(await service.deliveries(shop.token, other.id)).toEqual([]);
    expect(await service.deliveries(shop.token, off.id)).toEqual([]);
  });

  test("leaves nothing to be sent where nobody listens", async () => {
    const shop = await service.fillShop({ customers: 1 }, "nobody");
    const { id } = await service.submit(shop.token, "delete_customers", shop.customerIds);
    await service.finished(shop.token, id);
    expect(
      await service.database.query("SELECT FROM bulk.webhook_deliveries WHERE bulk_action_id = $1", [id]),
    ).toEqual([]);
  });

  test("takes its log with it when it is pruned; a test event goes after the same time", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({ customers: 2 }, "pruned");
    const endpoint = await service.register(shop.token, receiver.url);
    const { id } = await service.submit(shop.token, "delete_customers", shop.customerIds);
    await service.call(shop.token, `POST /v1/webhook_endpoints/${endpoint.id}/test`);
    await receiver.has(2);

    await service.database.query(
      "UPDATE bulk.bulk_actions SET finished_at = now() - '31 days'::interval WHERE id = $1",
      [id],
    );
    await service.database.query(
      "UPDATE bulk.webhook_deliveries SET created_at = now() - '31 days'::interval WHERE bulk_action_id IS NULL",
    );

    await eventually(async () => expect(await service.deliveries(shop.token, endpoint.id)).toEqual([]));
  });
});

describe("deleted products", () => {
  test("are told of chunk by chunk, each deleted id once and no skipped one", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({ products: 35, inUse: 12 }, "products");
    const endpoint = await service.register(shop.token, receiver.url, {
      webhook_events: ["product.deleted"],
    });
    const submitted = [...shop.productIds, ...randomIds(3)];
    const { id } = await service.submit(shop.token, "delete_products", submitted);

    // The ten ids of the first chunk are all in use; the other three have some that were deleted.
    const webhooks = await receiver.has(3);

    const events = webhooks.map(({ body }) => JSON.parse(body) as Event);
    expect(events[0]).toMatchObject({
      type: "product.deleted",
      data: { object: { object: "list", bulk_action: id } },
    });
    expect(events[0]?.data.object.data[0]).toEqual({ id: shop.productIds[12], object: "product" });
    expect(events.flatMap(({ data }) => data.object.data.map((product) => product.id))).toEqual(
      shop.productIds.slice(12),
    );
    await expectDocumentedEvent(service.url, webhooks[0]?.body ?? "");
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([
        { type: "product.deleted", bulk_action: id, status: "succeeded", attempts: 3 },
      ]);
    });
  });

  test("come one by one where the endpoint wants them so, in the base contract's shape", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({ products: 35, inUse: 12, customers: 15 }, "one by one");
    const endpoint = await service.register(shop.token, receiver.url, {
      ...{ webhook_events: ["product.deleted", "customer.deleted"], record_events: "single" },
    });
    const products = await service.submit(shop.token, "delete_products", [
      ...shop.productIds,
      ...randomIds(3),
    ]);
    await receiver.has(23);
    await service.submit(shop.token, "delete_customers", shop.customerIds);

    const webhooks = await receiver.has(38);

    expect(JSON.parse(webhooks[0]?.body ?? "")).toStrictEqual({
      ...{ id: webhooks[0]?.headers["webhook-id"], object: "event", type: "product.deleted" },
      ...{ account: shop.accountId, created_at: expect.any(Number) },
      data: { object: { id: expect.any(String), object: "product" } },
    });
    for (const webhook of webhooks) {
      expectSigned(webhook, endpoint.signing_secret);
      await expectDocumentedEvent(service.url, webhook.body);
    }
    expect(new Set(webhooks.map(({ headers }) => headers["webhook-id"])).size).toBe(38);
    expect(subjectsOf(webhooks, "product.deleted")).toEqual([...shop.productIds.slice(12)].sort());
    expect(subjectsOf(webhooks, "customer.deleted")).toEqual([...shop.customerIds].sort());
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([
        { type: "customer.deleted", status: "succeeded" },
        { type: "product.deleted", bulk_action: products.id, status: "succeeded" },
      ]);
    });
  });

  test("that come one by one go on where the receiver failed, and all come again when asked for", async () => {
    let refused = 0;
    await using receiver = await openWebhookReceiver((_request, response) => {
      const fails = receiver.received.length > 13 && refused === 0;
      if (fails) refused = receiver.received.length;
      response.writeHead(fails ? 500 : 204).end();
    });
    const shop = await service.fillShop({ customers: 30 }, "goes on");
    const endpoint = await service.register(shop.token, receiver.url, {
      ...{ webhook_events: ["customer.deleted"], record_events: "single" },
    });
    await service.submit(shop.token, "delete_customers", shop.customerIds);
    const [pending] = await eventually(async () => {
      const log = await service.deliveries(shop.token, endpoint.id);
      expect(log).toMatchObject([{ status: "pending", last_response_code: 500 }]);
      return log;
    });
    const before = receiver.received.length;

    await service.endPauses();

    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([{ status: "succeeded" }]);
    });
    expect(subjectsOf(receiver.received, "customer.deleted")).toEqual([...shop.customerIds].sort());
    // Of those it took before, no more come again than were on their way with the one that failed.
    expect(receiver.received.length - before).toBeLessThanOrEqual(30 - 12 + 3);

    const sent = receiver.received.length;
    await service.call(shop.token, `POST /v1/webhook_deliveries/${pending?.id}/redeliver`);
    await receiver.has(sent + 30);
  });

  test("are told of by customer, too, as a list", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({ customers: 12 }, "customers");
    await service.register(shop.token, receiver.url, { webhook_events: ["customer.deleted"] });
    await service.submit(shop.token, "delete_customers", shop.customerIds);

    const events = (await receiver.has(2)).map(({ body }) => JSON.parse(body) as Event);

    expect(events.flatMap(({ data }) => data.object.data)).toEqual(
      shop.customerIds.map((id) => ({ id, object: "customer" })),
    );
  });

  test("are not told of where there are none", async () => {
    const shop = await service.fillShop({ customers: 1 }, "no products");
    const endpoint = await service.register(shop.token, "http://127.0.0.1:1024", {
      webhook_events: ["product.deleted"],
    });
    for (const [type, ids] of [
      ["delete_customers", shop.customerIds],
      ["delete_products", randomIds(1)],
    ] as const) {
      const { id } = await service.submit(shop.token, type, ids);
      await service.finished(shop.token, id);
    }
    expect(await service.deliveries(shop.token, endpoint.id)).toEqual([]);
  });

  test("cost one row, however many they are", async () => {
    await using own = await openWebhookService();
    const shop = await own.fillShop({ products: 100_000 });
    await own.register(shop.token, "http://127.0.0.1:1024", {
      webhook_events: ["product.deleted", "bulk_action.finished"],
    });
    const { id } = await own.submit(shop.token, "delete_products", shop.productIds);
    // Without webhooks set up: this worker deletes and sends nothing.
    await own.startWorker({ WEBHOOK_SECRET_KEY: "" });
    await own.finished(shop.token, id);
    expect(
      await own.database.query(
        "SELECT event_type, attempts FROM bulk.webhook_deliveries ORDER BY event_type",
      ),
    ).toEqual([
      { event_type: "bulk_action.finished", attempts: 0 },
      { event_type: "product.deleted", attempts: 0 },
    ]);
  });
});

describe("a delivery", () => {
  test("that is answered with 500 is sent again, the same event signed anew", async () => {
    const statuses = [500, 204];
    await using receiver = await openWebhookReceiver((_request, response) => {
      response.writeHead(statuses.shift() ?? 204).end();
    });
    const { shop, endpoint } = await tellOf("again", receiver.url);
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([
        { status: "pending", attempts: 1, last_response_code: 500, next_attempt_at: expect.any(Number) },
      ]);
    });
    expect(receiver.received).toHaveLength(1);

    await service.endPauses();

    const [first, second] = await receiver.has(2);
    expect(second?.body).toBe(first?.body);
    expectSigned(second, endpoint.signing_secret);
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([
        { status: "succeeded", attempts: 2, last_response_code: 204, next_attempt_at: null },
      ]);
    });
  });

  test("is given up after the tenth failure, and comes again when asked for", async () => {
    let status = 500;
    await using receiver = await openWebhookReceiver((_request, response) => {
      response.writeHead(status).end();
    });
    const { shop, endpoint } = await tellOf("given up", receiver.url);
    await receiver.has(1);
    await service.database.query("UPDATE bulk.webhook_deliveries SET failures = 9 WHERE endpoint_id = $1", [
      endpoint.id,
    ]);
    await service.endPauses();
    const [failed] = await eventually(async () => {
      const log = await service.deliveries(shop.token, endpoint.id);
      expect(log).toMatchObject([{ status: "failed", attempts: 2, next_attempt_at: null }]);
      return log;
    });

    status = 200;
    const again = await service.call(shop.token, `POST /v1/webhook_deliveries/${failed?.id}/redeliver`);

    expect(again).toMatchObject({ status: 200, body: { id: failed?.id, status: "pending" } });
    const webhooks = await receiver.has(3);
    expect(webhooks[2]?.headers["webhook-id"]).toBe(webhooks[0]?.headers["webhook-id"]);
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([{ status: "succeeded" }]);
    });
  });

  test("that is answered with 410 disables its endpoint and gives up the rest", async () => {
    await using receiver = await openWebhookReceiver((_request, response) => {
      response.writeHead(410).end();
    });
    const { shop, endpoint } = await tellOf("gone", receiver.url);
    await eventually(async () => {
      expect(await service.call(shop.token, `GET /v1/webhook_endpoints/${endpoint.id}`)).toMatchObject({
        body: { enabled: false },
      });
    });
    const [delivery] = await service.deliveries(shop.token, endpoint.id);
    expect(delivery).toMatchObject({ status: "failed", last_response_code: 410, attempts: 1 });
    for (const path of [
      `webhook_deliveries/${delivery?.id}/redeliver`,
      `webhook_endpoints/${endpoint.id}/test`,
    ]) {
      expect(await service.call(shop.token, `POST /v1/${path}`)).toMatchObject({
        status: 409,
        body: { code: "webhook_endpoint.disabled" },
      });
    }
  });

  test("is not led elsewhere by a redirect", async () => {
    await using elsewhere = await openWebhookReceiver();
    await using receiver = await openWebhookReceiver((_request, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    const { shop, endpoint } = await tellOf("redirect", receiver.url);
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([
        { status: "pending", last_response_code: 307 },
      ]);
    });
    expect(elsewhere.received).toEqual([]);
  });

  test("counts as delivered with the status, whatever the receiver goes on to say", async () => {
    await using receiver = await openWebhookReceiver((_request, response) => {
      response.writeHead(200);
      // More than anybody wants to read, and no end.
      response.write("a".repeat(1_000_000));
    });
    const { shop, endpoint } = await tellOf("talkative", receiver.url);
    await eventually(async () => {
      expect(await service.deliveries(shop.token, endpoint.id)).toMatchObject([
        { status: "succeeded", last_response_code: 200, attempts: 1 },
      ]);
    });
  });

  test("to a receiver that never answers is cut off in time, and nobody else waits for it", async () => {
    await using silent = await openWebhookReceiver(() => undefined);
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService({ WEBHOOK_TIMEOUT_MS: "3000", WEBHOOK_CONCURRENCY: "8" });
    const shop = await own.fillShop({});
    const endpoint = await own.register(shop.token, silent.url);
    const quick = await own.register(shop.token, receiver.url);
    for (const { id } of [endpoint, endpoint, quick]) {
      await own.call(shop.token, `POST /v1/webhook_endpoints/${id}/test`);
    }
    await own.startWorker();

    await receiver.has(1);
    // One after the other to one endpoint: what is due behind the one that waits has not been begun.
    expect(silent.received.length).toBeLessThanOrEqual(1);
    await eventually(async () => {
      const errors = (await own.deliveries(shop.token, endpoint.id)).map((delivery) => delivery.last_error);
      expect(errors).toEqual(["timeout", "timeout"]);
    }, 30_000);
  });

  test("is one sender's until its lease is over, and then a late result of that one does not count", async () => {
    await using own = await openWebhookService();
    const shop = await own.fillShop({});
    const endpoint = await own.register(shop.token, "http://127.0.0.1:1024");
    await own.call(shop.token, `POST /v1/webhook_endpoints/${endpoint.id}/test`);
    const limits = { poolSize: 4, lockTimeoutMs: 5_000, statementTimeoutMs: 5_000 };
    const database = openDatabase({ url: own.database.url, applicationName: "test", ...limits });
    try {
      const claim = () => claimDelivery(database, endpoint.id, 60_000);
      const claims = (await Promise.all([claim(), claim(), claim(), claim()])).filter(
        (one) => one !== undefined,
      );
      expect(claims).toMatchObject([{ attempts: 1 }]);
      expect(await claim()).toBeUndefined();

      await own.endPauses();
      expect(await claim()).toMatchObject({ attempts: 2 });
      for (const late of claims) {
        await recordAttempt(database, late, { responseCode: 200, error: null, next: { kind: "succeeded" } });
      }
      expect(await own.deliveries(shop.token, endpoint.id)).toMatchObject([{ status: "pending" }]);
    } finally {
      await database.$disconnect();
    }
  });

  test("survives its worker: after the lease another one sends it", async () => {
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService();
    const shop = await own.fillShop({});
    const endpoint = await own.register(shop.token, receiver.url);
    await own.call(shop.token, `POST /v1/webhook_endpoints/${endpoint.id}/test`);
    // As a worker leaves it that died after its claim.
    await own.database.query(
      "UPDATE bulk.webhook_deliveries SET attempts = 1, next_attempt_at = now() + '1 second'::interval",
    );
    await own.startWorker();
    await receiver.has(1);
    await eventually(async () => {
      expect(await own.deliveries(shop.token, endpoint.id)).toMatchObject([
        { status: "succeeded", attempts: 2 },
      ]);
    });
  });

  test("behind more than a turn has time for does not wait for the next look", async () => {
    await using receiver = await openSlowReceiver();
    await using own = await openWebhookService();
    const shop = await own.fillShop({});
    const endpoint = await own.register(shop.token, receiver.url);
    await addTests(own, endpoint.id, 3);
    // It looks once, when it starts.
    await own.startWorker({ SWEEP_INTERVAL_MS: "3600000" });
    const webhooks = await receiver.has(3);
    expect(new Set(webhooks.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
  });

  test("is sent once, however many workers there are", async () => {
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService();
    const shop = await own.fillShop({});
    const endpoint = await own.register(shop.token, receiver.url);
    for (let n = 0; n < 20; n += 1) {
      await own.call(shop.token, `POST /v1/webhook_endpoints/${endpoint.id}/test`);
    }
    await Promise.all([own.startWorker(), own.startWorker(), own.startWorker()]);
    await eventually(async () => {
      const log = await own.deliveries(shop.token, endpoint.id);
      expect(log.map(({ status, attempts }) => ({ status, attempts }))).toEqual(
        Array.from({ length: 20 }, () => ({ status: "succeeded", attempts: 1 })),
      );
    });
    expect(receiver.received).toHaveLength(20);
  });
});

describe("another account's webhooks", () => {
  test("go on while sixteen receivers answer with 101", async () => {
    await using switching = await openSwitchingServer();
    await using receiver = await openWebhookReceiver();
    for (const [account, endpoints] of Object.entries({ "switching one": 10, "switching two": 6 })) {
      const { token } = await service.fillShop({}, account);
      for (let n = 0; n < endpoints; n += 1) {
        const { id } = await service.register(token, `${switching.url}?${n}`);
        await service.call(token, `POST /v1/webhook_endpoints/${id}/test`);
      }
    }
    await eventually(() => expect(switching.answered()).toBe(16));

    await tellOf("beside 101", receiver.url);

    await receiver.has(1);
    const [{ codes } = {}] = await service.database.query<{ codes: readonly number[] }>(
      `SELECT array_agg(DISTINCT last_response_code) AS codes FROM bulk.webhook_deliveries delivery
       JOIN bulk.webhook_endpoints endpoint ON endpoint.id = endpoint_id WHERE url LIKE $1`,
      [`${switching.url}%`],
    );
    expect(codes).toEqual([101]);
  });

  test("do not wait for one whose receivers take all the time they have", async () => {
    const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
    await using holding = await openWebhookReceiver((_request, response) => {
      void isReleased.then(() => response.writeHead(204).end());
    });
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService({ WEBHOOK_CONCURRENCY: "4", WEBHOOK_TIMEOUT_MS: "60000" });
    const slow = await own.fillShop({}, "slow");
    for (let n = 0; n < 10; n += 1) {
      const { id } = await own.register(slow.token, `${holding.url}?${n}`);
      await addTests(own, id, 2);
    }
    await own.startWorker();
    await holding.has(1);

    const quick = await own.fillShop({}, "quick");
    await addTests(own, (await own.register(quick.token, receiver.url)).id, 1);

    await receiver.has(1);
    // A quarter of four places.
    expect(holding.received).toHaveLength(1);
    release();
    // And all of the slow one's endpoints have their turn.
    await holding.has(20);
  });

  test("take turns with those of one that has many to be sent", async () => {
    const order: string[] = [];
    await using slow = await openSlowReceiver(() => order.push("many"));
    await using receiver = await openWebhookReceiver((_request, response) => {
      order.push("one");
      response.writeHead(204).end();
    });
    await using own = await openWebhookService({ WEBHOOK_CONCURRENCY: "1" });
    const many = await own.fillShop({}, "many");
    await addTests(own, (await own.register(many.token, slow.url)).id, 4);
    const one = await own.fillShop({}, "one");
    await addTests(own, (await own.register(one.token, receiver.url)).id, 1);

    await own.startWorker();

    await receiver.has(1);
    expect(order.indexOf("one")).toBeLessThanOrEqual(1);
  });
});

test.runIf(inject("queueEngine") === "redis")(
  "a Redis that loses everything between the end of a bulk action and its delivery costs no webhook",
  async () => {
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService();
    const shop = await own.fillShop({ customers: 2 });
    const endpoint = await own.register(shop.token, receiver.url);
    const { id } = await own.submit(shop.token, "delete_customers", shop.customerIds);
    const deleting = await own.startWorker({ WEBHOOK_SECRET_KEY: "" });
    await own.finished(shop.token, id);
    await deleting.stop();
    await own.redis?.flush();

    const sending = await own.startWorker();
    await receiver.has(1);
    await own.redis?.kill();
    await own.call(shop.token, `POST /v1/webhook_endpoints/${endpoint.id}/test`);
    await own.redis?.start();

    expect((await receiver.has(2)).map(({ body }) => (JSON.parse(body) as Event).type)).toEqual([
      "bulk_action.finished",
      "webhook_endpoint.test",
    ]);
    await sending.stop();
  },
);

describe("a rotated secret", () => {
  test("signs at once, however its endpoint's id is written, and the one before beside it until its time is over", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({}, "rotated");
    const old = await service.register(shop.token, receiver.url);
    const path = `/v1/webhook_endpoints/${old.id}`;

    // Secrets are sealed for the id: in capitals it must seal for the same.
    const fresh = await rotate(shop.token, old.id.toUpperCase());
    await service.call(shop.token, `POST ${path}/test`);

    const [webhook] = await receiver.has(1);
    expect(fresh).not.toBe(old.signing_secret);
    expectSigned(webhook, fresh);
    expect(() => verify(webhook, old.signing_secret)).not.toThrow();

    await service.database.query(
      "UPDATE bulk.webhook_endpoints SET previous_secret_expires_at = now() WHERE id = $1",
      [old.id],
    );
    await service.call(shop.token, `POST ${path}/test`);
    const [, later] = await receiver.has(2);
    expectSigned(later, fresh);
    expect(() => verify(later, old.signing_secret)).toThrow();
  });

  test("signs alone beside one that cannot be opened any more", async () => {
    await using receiver = await openWebhookReceiver();
    const shop = await service.fillShop({}, "lost key");
    const { id } = await service.register(shop.token, receiver.url);
    // As one that was sealed with a key that is lost.
    await service.database.query(
      "UPDATE bulk.webhook_endpoints SET sealed_secret = sha512(sealed_secret) WHERE id = $1",
      [id],
    );

    const fresh = await rotate(shop.token, id);
    await service.call(shop.token, `POST /v1/webhook_endpoints/${id}/test`);

    const [webhook] = await receiver.has(1);
    expectSigned(webhook, fresh);
    expect(String(webhook?.headers["webhook-signature"]).split(" ")).toHaveLength(1);
  });

  test("cannot be read from the database, and without the key nothing is sent", async () => {
    await using receiver = await openWebhookReceiver();
    await using own = await openWebhookService();
    const shop = await own.fillShop({});
    const endpoint = await own.register(shop.token, receiver.url);
    const rows = await own.database.query<{ text: string }>(
      "SELECT encode(sealed_secret, 'escape') || endpoint::text AS text FROM bulk.webhook_endpoints endpoint",
    );
    expect(rows[0]?.text).not.toContain("whsec_");
    await own.call(shop.token, `POST /v1/webhook_endpoints/${endpoint.id}/test`);

    await own.startWorker({ WEBHOOK_SECRET_KEY: Buffer.alloc(32).toString("base64") });

    await eventually(async () => {
      expect(await own.deliveries(shop.token, endpoint.id)).toMatchObject([
        { status: "pending", last_error: "secret_unreadable" },
      ]);
    });
    expect(receiver.received).toEqual([]);
  });
});

async function rotate(token: string, endpointId: string): Promise<string> {
  const { body } = await service.call(token, `POST /v1/webhook_endpoints/${endpointId}/rotate_secret`);
  return (body as { readonly signing_secret: string }).signing_secret;
}

/** Events to try an endpoint with, all due. */
async function addTests(own: WebhookService, endpointId: string, count: number): Promise<void> {
  await own.database.query(
    `INSERT INTO bulk.webhook_deliveries (account_id, endpoint_id, event_type)
     SELECT account_id, id, 'webhook_endpoint.test' FROM bulk.webhook_endpoints, generate_series(1, $2::int)
     WHERE id = $1`,
    [endpointId, count],
  );
}

/** Answers each request with 204 when a turn's time is over. */
function openSlowReceiver(onRequest = () => {}): Promise<WebhookReceiver> {
  return openWebhookReceiver((_request, response) => {
    onRequest();
    setTimeout(() => response.writeHead(204).end(), 1_100);
  });
}

/** Answers whatever it is asked with a switch of protocols, and counts how often. */
async function openSwitchingServer() {
  let answered = 0;
  const server = createServer((request, response) => {
    answered += 1;
    request.socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    request.on("error", () => response.destroy());
  });
  const port = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  return {
    url: `http://127.0.0.1:${port}/`,
    answered: () => answered,
    [Symbol.asyncDispose]: () => closeServer(server, 0),
  };
}

async function readDetails(token: string, id: string): Promise<unknown> {
  const { body } = await service.call(token, `GET /v1/bulk_actions/${id}?expand[]=details`);
  return (body as { readonly details: unknown }).details;
}

/** The ids of the records that events of this type are about, each once, in order. */
function subjectsOf(webhooks: readonly ReceivedWebhook[], type: string): readonly string[] {
  const events = webhooks.map(({ body }) => JSON.parse(body));
  const ids = events.filter((event) => event.type === type).map((event) => event.data.object.id);
  return [...new Set<string>(ids)].sort();
}

async function tellOf(account: string, url: string) {
  const shop = await service.fillShop({ customers: 1 }, account);
  const endpoint = await service.register(shop.token, url);
  await service.submit(shop.token, "delete_customers", shop.customerIds);
  return { shop, endpoint };
}

/** Checked as a receiver would, in both schemes; the second without any library. */
function expectSigned(webhook: ReceivedWebhook | undefined, secret: string): void {
  verify(webhook, secret);
  const { headers, body } = webhook ?? { headers: {}, body: "" };
  const timestamp = headers["x-webhook-timestamp"];
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  const expected = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  expect(headers["x-webhook-signature"]).toBe(expected);
}

function verify(webhook: ReceivedWebhook | undefined, secret: string): void {
  const { headers, body } = webhook ?? { headers: {}, body: "" };
  new Webhook(secret).verify(body, headers as Record<string, string>);
}
