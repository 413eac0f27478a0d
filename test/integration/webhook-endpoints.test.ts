import { randomUUID } from "node:crypto";
import { BASE_EVENT_NAMES } from "@bulk/domain/webhooks/base-event-names";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openExchanger } from "../fuzz/exchange.ts";
import { bearer, requestHead } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { openTestService } from "../support/test-service.ts";
import { openWebhookService, type WebhookService } from "../support/webhook-service.ts";

const COLLECTION = "/v1/webhook_endpoints";
const URL_OF_SHOP = "https://shop.example/hooks";

// https://github.com/surecart/surecart-wp-plugin, app/config.php, "webhook_events"
const EVENTS_OF_WORDPRESS = [
  ...["customer.updated", "purchase.created", "purchase.invoked", "purchase.updated", "purchase.revoked"],
  ...["price.created", "price.deleted", "price.updated", "product.created", "product.deleted"],
  ...["product.stock_adjusted", "product.updated", "subscription.renewed", "account.updated"],
];

let service: WebhookService;

beforeAll(async () => {
  service = await openWebhookService({ WEBHOOK_ALLOW_LOOPBACK: "false" });
});

afterAll(() => service[Symbol.asyncDispose]());

describe("a webhook endpoint", () => {
  test("is registered with its secret, which no answer to a read has", async () => {
    const { token } = await service.fillShop({}, "registered");
    const endpoint = await service.register(token, URL_OF_SHOP);
    const { signing_secret: secret, ...rest } = endpoint;

    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toStrictEqual({
      id: expect.any(String),
      object: "webhook_endpoint",
      url: URL_OF_SHOP,
      description: null,
      enabled: true,
      webhook_events: ["bulk_action.finished"],
      destination: null,
      record_events: "list",
      previous_secret_expires_at: null,
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
    });
    const path = `${COLLECTION}/${endpoint.id}`;
    expect(await service.call(token, `GET ${path}`)).toStrictEqual({ status: 200, body: rest });
    expect(await service.call(token, `GET ${COLLECTION}`)).toStrictEqual({
      status: 200,
      body: {
        object: "list",
        pagination: { count: 1, limit: 20, page: 1, url: COLLECTION },
        data: [rest],
      },
    });
  });

  test("is changed in what is given, and deleted with its log", async () => {
    const { token } = await service.fillShop({}, "changed");
    const { id } = await service.register(token, URL_OF_SHOP, { description: "first" });
    const path = `${COLLECTION}/${id}`;
    await service.call(token, `POST ${path}/test`);
    const change = {
      ...{ url: "https://shop.example:8443/", webhook_events: ["product.deleted", "product.deleted"] },
      description: null,
    };

    expect(await service.call(token, `PATCH ${path}`, { webhook_endpoint: change })).toMatchObject({
      status: 200,
      body: { ...change, webhook_events: ["product.deleted"], enabled: true },
    });
    expect(await service.call(token, `PATCH ${path}`, { webhook_endpoint: {} })).toMatchObject({
      status: 200,
      body: { url: change.url },
    });
    expect(await service.call(token, `DELETE ${path}`)).toStrictEqual({
      status: 200,
      body: { id, object: "webhook_endpoint", deleted: true },
    });
    expect(await service.call(token, `GET ${path}`)).toMatchObject({ status: 404 });
    expect(
      await service.database.query("SELECT FROM bulk.webhook_deliveries WHERE endpoint_id = $1", [id]),
    ).toEqual([]);
  });

  test("is registered and changed as the base contract's WordPress client does it", async () => {
    const { token } = await service.fillShop({}, "wordpress");
    const registered = {
      ...{ description: "WordPress Webhook SureCart", enabled: true, destination: "wordpress" },
      ...{ url: "https://shop.example/surecart/webhooks", webhook_events: EVENTS_OF_WORDPRESS },
    };
    const { id, signing_secret: secret } = await service.register(token, registered.url, registered);
    const path = `${COLLECTION}/${id}`;
    expect(await service.call(token, `GET ${path}`)).toMatchObject({
      status: 200,
      body: { ...registered, record_events: "single" },
    });

    // It keeps the secret of every answer to a change.
    const change = {
      id,
      url: "https://moved.example/surecart/webhooks",
      webhook_events: EVENTS_OF_WORDPRESS,
    };
    expect(await service.call(token, `PATCH ${path}`, { webhook_endpoint: change })).toMatchObject({
      status: 200,
      body: { url: change.url, destination: "wordpress", signing_secret: secret },
    });
    const { body } = await service.call(token, `GET ${path}`);
    expect(body).not.toHaveProperty("signing_secret");
  });

  test("takes every event that the base contract documents, and how records come as it is told", async () => {
    const { token } = await service.fillShop({}, "documented");
    const attributes = { webhook_events: BASE_EVENT_NAMES, destination: "wordpress", record_events: "list" };
    expect(await service.register(token, URL_OF_SHOP, attributes)).toMatchObject(attributes);
  });

  test("whose secret cannot be opened any more is changed all the same, and its secret is null", async () => {
    const { token } = await service.fillShop({}, "unreadable");
    const { id } = await service.register(token, URL_OF_SHOP);
    await service.database.query(
      "UPDATE bulk.webhook_endpoints SET sealed_secret = sha512(sealed_secret) WHERE id = $1",
      [id],
    );
    const change = { webhook_endpoint: { enabled: false } };
    expect(await service.call(token, `PATCH ${COLLECTION}/${id}`, change)).toMatchObject({
      status: 200,
      body: { enabled: false, signing_secret: null },
    });
  });

  test("is still there after a DELETE that broke off", async () => {
    const { token } = await service.fillShop({}, "broken off");
    const { id } = await service.register(token, URL_OF_SHOP);
    const headers = { ...bearer(token), "content-type": "application/json", "content-length": 10 };
    const head = requestHead(`DELETE ${COLLECTION}/${id}`, headers);
    using exchanger = openExchanger(service.url);
    const answer = await exchanger.exchange([Buffer.from(head)], "DELETE", "half-close");
    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "request.malformed" });
    expect(await service.call(token, `GET ${COLLECTION}/${id}`)).toMatchObject({ status: 200 });
  });

  test("that is disabled gives up what was still to be sent", async () => {
    const { token } = await service.fillShop({}, "disabled");
    const { id } = await service.register(token, URL_OF_SHOP);
    await service.call(token, `POST ${COLLECTION}/${id}/test`);

    await service.call(token, `PATCH ${COLLECTION}/${id}`, { webhook_endpoint: { enabled: false } });

    expect(await service.deliveries(token, id)).toMatchObject([
      { status: "failed", last_error: "endpoint_disabled", next_attempt_at: null },
    ]);
  });

  test.each([
    ["nothing", {}, "url.blank"],
    ["no URL", { url: "nonsense" }, "url.invalid"],
    ["plain HTTP", { url: "http://shop.example/" }, "url.invalid"],
    ["an inner address", { url: "https://169.254.169.254/" }, "url.invalid"],
    ["a URL without end", { url: `https://shop.example/${"a".repeat(2_048)}` }, "url.too_long"],
    ["a NUL in its URL", { url: `${URL_OF_SHOP}\0` }, "url.invalid"],
    ["a NUL in its description", { url: URL_OF_SHOP, description: "a\0b" }, "description.invalid"],
    ["no event", { url: URL_OF_SHOP, webhook_events: [] }, "webhook_events.blank"],
    ["an unknown event", { url: URL_OF_SHOP, webhook_events: ["a"] }, "webhook_events.inclusion"],
    [
      "a test's event",
      { url: URL_OF_SHOP, webhook_events: ["webhook_endpoint.test"] },
      "webhook_events.inclusion",
    ],
    [
      "one unknown event of two",
      { url: URL_OF_SHOP, webhook_events: ["product.deleted", "product.eaten"] },
      "webhook_events.inclusion",
    ],
    [
      "a form of records that there is not",
      { url: URL_OF_SHOP, record_events: "both" },
      "record_events.inclusion",
    ],
    ["a long destination", { url: URL_OF_SHOP, destination: "a".repeat(101) }, "destination.too_long"],
    ["a long description", { url: URL_OF_SHOP, description: "a".repeat(501) }, "description.too_long"],
    ["yes for true", { url: URL_OF_SHOP, enabled: "yes" }, "enabled.invalid"],
  ])("is refused with %s", async (_what, attributes, code) => {
    const { token } = await service.fillShop({}, "refused");
    expect(await service.call(token, `POST ${COLLECTION}`, { webhook_endpoint: attributes })).toMatchObject({
      status: 422,
      body: {
        code: "webhook_endpoint.invalid",
        validation_errors: [{ code: `webhook_endpoint.${code}` }],
      },
    });
  });

  test("is refused without its envelope", async () => {
    const { token } = await service.fillShop({}, "bare");
    expect(await service.call(token, `POST ${COLLECTION}`, { url: URL_OF_SHOP })).toMatchObject({
      status: 400,
      body: { code: "webhook_endpoint.missing" },
    });
  });

  test("is one of at most ten, however many are registered at once", async () => {
    const { token } = await service.fillShop({}, "many");
    const answers = await Promise.all(
      Array.from({ length: 14 }, () =>
        service.call(token, `POST ${COLLECTION}`, { webhook_endpoint: { url: URL_OF_SHOP } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 10 }, () => 200),
      ...Array.from({ length: 4 }, () => 422),
    ]);
    expect(answers.find(({ status }) => status === 422)).toMatchObject({
      body: { code: "webhook_endpoint.too_many" },
    });
  });
});

test("another account's endpoints and deliveries do not exist", async () => {
  const owner = await service.fillShop({}, "owner");
  const other = await service.fillShop({}, "other");
  const { id } = await service.register(owner.token, URL_OF_SHOP);
  await service.call(owner.token, `POST ${COLLECTION}/${id}/test`);
  const [delivery] = await service.deliveries(owner.token, id);
  const before = await service.call(owner.token, `GET ${COLLECTION}/${id}`);

  for (const request of everyCall(id, delivery?.id)) {
    const { status, body } = await service.call(other.token, request, bodyOf(request));
    expect({ request, status }).toEqual({ request, status: 404 });
    expect(body).toMatchObject({ code: expect.stringMatching(/^webhook_(endpoint|delivery)\.not_found$/) });
  }
  expect(await service.call(other.token, `GET ${COLLECTION}`)).toMatchObject({ body: { data: [] } });
  expect(await service.call(owner.token, `GET ${COLLECTION}/${id}`)).toEqual(before);
  expect(await service.deliveries(owner.token, id)).toEqual([delivery]);
});

test("an unknown and a malformed id are not found", async () => {
  const { token } = await service.fillShop({}, "unknown");
  for (const id of [randomUUID(), "nonsense"]) {
    for (const request of everyCall(id, id)) {
      expect(await service.call(token, request, bodyOf(request))).toMatchObject({ status: 404 });
    }
  }
});

test("each call wants its scope", async () => {
  const { token, accountId } = await service.fillShop({}, "scopes");
  const id = randomUUID();
  await service.database.query(
    "UPDATE bulk.api_tokens SET scopes = '{bulk_actions:write}' WHERE account_id = $1",
    [accountId],
  );
  for (const request of [`POST ${COLLECTION}`, `GET ${COLLECTION}`, ...everyCall(id, id)]) {
    const scope = request.startsWith("GET") ? "webhook_endpoints:read" : "webhook_endpoints:write";
    expect(await service.call(token, request)).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining(scope) },
    });
  }
});

test("where there is no key for secrets, endpoints cannot be registered, and that is said", async () => {
  await using own = await openTestService();
  const { token } = await own.fillShop({});
  const response = await own.request(token, COLLECTION, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ webhook_endpoint: { url: URL_OF_SHOP } }),
  });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "webhook_endpoint.not_set_up" });
});

/** Every call that names an endpoint or a delivery. */
function everyCall(endpointId: string, deliveryId: string | undefined): readonly string[] {
  const path = `${COLLECTION}/${endpointId}`;
  return [
    `GET ${path}`,
    `GET ${path}/deliveries`,
    `PATCH ${path}`,
    `POST ${path}/test`,
    `POST ${path}/rotate_secret`,
    `POST /v1/webhook_deliveries/${deliveryId}/redeliver`,
    `DELETE ${path}`,
  ];
}

function bodyOf(request: string): unknown {
  return request.startsWith("PATCH") ? { webhook_endpoint: { enabled: false } } : undefined;
}
