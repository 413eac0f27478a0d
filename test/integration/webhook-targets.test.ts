import { openConnections, postWebhook } from "@bulk/webhooks/post-webhook";
import { createNameResolver, type ResolveName } from "@bulk/webhooks/resolve-name";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWebhookService } from "../support/webhook-service.ts";

const STRICT = { allowsLoopback: false };
const REFUSED = { kind: "unanswered", fault: "target_refused" };

let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await openWebhookReceiver();
});

afterAll(() => receiver[Symbol.asyncDispose]());

describe("nothing is sent to this machine", () => {
  test("by address, however it is spelled, nor in plain HTTP", async () => {
    for (const host of [
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0.0.0.0",
      "[::1]",
      "[::ffff:127.0.0.1]",
    ]) {
      for (const scheme of ["https", "http"]) {
        expect(await post(`${scheme}://${host}:${receiver.port}/`)).toEqual(REFUSED);
      }
    }
    expect(receiver.received).toEqual([]);
  });

  test("by a name that leads here", async () => {
    expect(await post(`https://rebound.example:${receiver.port}/`, answering("127.0.0.1"))).toEqual(REFUSED);
  });

  test("by a name of which only one address leads here", async () => {
    const resolve = answering("93.184.216.34", "::1");
    expect(await post(`https://rebound.example:${receiver.port}/`, resolve)).toEqual(REFUSED);
  });

  test("by a name that leads elsewhere first and here when it is connected to", async () => {
    const answers = [["93.184.216.34"], ["127.0.0.1"]];
    let asked = 0;
    const resolve: ResolveName = (name) => answering(...(answers[asked++] ?? []))(name);
    // What a check beforehand would have seen.
    await resolve("rebound.example");

    expect(await post(`https://rebound.example:${receiver.port}/`, resolve)).toEqual(REFUSED);
    expect(asked).toBe(2);
  });

  test("by an endpoint that was registered when it was allowed", async () => {
    await using service = await openWebhookService();
    const { token } = await service.fillShop({});
    const endpoints = [
      await service.register(token, receiver.url),
      await service.register(token, `http://localhost:${receiver.port}/`),
    ];
    for (const { id } of endpoints) {
      await service.call(token, `POST /v1/webhook_endpoints/${id}/test`);
    }

    await service.startWorker({ WEBHOOK_ALLOW_LOOPBACK: "false" });

    for (const { id } of endpoints) {
      await eventually(async () => {
        expect(await service.deliveries(token, id)).toMatchObject([
          { status: "pending", attempts: 1, last_response_code: null, last_error: "target_refused" },
        ]);
      });
    }
    expect(receiver.received).toEqual([]);
  });
});

test("the address that was checked is the one that is connected to", async () => {
  const { url, port } = receiver;
  const target = `http://shop.example:${port}/`;
  const before = receiver.received.length;
  expect(await post(target, answering("127.0.0.1"), { allowsLoopback: true })).toEqual({
    kind: "answered",
    status: 204,
  });
  expect(receiver.received).toHaveLength(before + 1);
  expect(receiver.received.at(-1)?.headers.host).toBe(`shop.example:${new URL(url).port}`);
});

async function post(url: string, resolve = createNameResolver(), policy = STRICT) {
  const connections = openConnections(1);
  const options = { policy, timeoutMs: 5_000, resolve, connections };
  const result = await postWebhook({ url, headers: {}, body: "{}" }, options);
  connections.close();
  return result;
}

/** A resolver that knows one answer. */
function answering(...addresses: readonly string[]): ResolveName {
  return async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
}
