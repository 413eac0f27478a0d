import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bearer, type RawAnswer, requestHead, sendRaw } from "../support/raw-http.ts";
import { expectNothingElseWritten, expectNothingWritten, expectRefusal } from "../support/refusal.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const FORM = "application/x-www-form-urlencoded";
const NOBODY = randomUUID();

let service: TestService;
let token: string;
let ids: readonly string[];

beforeAll(async () => {
  service = await openTestService({ WEBHOOK_SECRET_KEY: randomBytes(32).toString("base64") });
  ({ token, productIds: ids } = await service.fillShop({ products: 3 }));
});

// Whatever was refused in a test, nothing of it is left.
afterEach(() => expectNothingWritten(service));

afterAll(() => service[Symbol.asyncDispose]());

describe.each(["/v1/bulk_actions", "/v1/bulk_actions/preview"])("the body of %s", (path) => {
  test("has no key that would be ignored", async () => {
    const answer = await post(path, { bulk_action: { ...good(), dry_run: true } });
    expect(faultsOf(answer)).toEqual(["bulk_action.dry_run.unknown"]);
    expect(expectInvalid(answer).message).toBe("dry_run is unknown.");
  });

  test("may have its unknown key anywhere, also before and among those that are read as they arrive", async () => {
    const [type, list] = ['"action_type":"delete_products"', `"record_ids":${JSON.stringify(ids)}`];
    const orders = [
      ['"dry_run":1', type, list],
      [type, '"dry_run":1', list],
      [type, list, '"dry_run":1'],
      [list, type, '"__proto__":{"a":1}'],
      [type, list, '"constructor":1'],
    ];
    const answers = await Promise.all(
      orders.map((members) => postText(path, `{"bulk_action":{${members.join()}}}`)),
    );
    expect(answers.map((answer) => faultsOf(answer))).toEqual([
      ["bulk_action.dry_run.unknown"],
      ["bulk_action.dry_run.unknown"],
      ["bulk_action.dry_run.unknown"],
      ["bulk_action.__proto__.unknown"],
      ["bulk_action.constructor.unknown"],
    ]);
  });

  test("has no key beside its envelope either, wherever it stands", async () => {
    for (const text of [
      JSON.stringify({ bulk_action: good(), dry_run: true }),
      JSON.stringify({ dry_run: true, bulk_action: good() }),
    ])
      expect(faultsOf(await postText(path, text))).toEqual(["dry_run.unknown"]);
  });

  test("has an unknown key reported together with other faults", async () => {
    const answer = await post(path, { bulk_action: { action_type: "delete_all", idz: ids } });
    expect(faultsOf(answer)).toEqual([
      "bulk_action.action_type.inclusion",
      "bulk_action.record_ids.blank",
      "bulk_action.idz.unknown",
    ]);
  });

  test("has 20 of very many unknown keys listed, all of them counted and none shown at length", async () => {
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`key_${index}`, index]));
    const longs = { ["x".repeat(20_000)]: 1, ...many };
    const body = expectInvalid(await post(path, { bulk_action: { ...good(), ...longs } }));
    expect(body.validation_errors).toHaveLength(20);
    expect(body.validation_errors[0]?.attribute).toBe(`${"x".repeat(80)}…`);
    expect(body.message).toBe(`${"x".repeat(80)}… is unknown (and 900 more).`);
  });

  test("has no unknown field as a form", async () => {
    const fields = `bulk_action[action_type]=delete_products&bulk_action[record_ids][]=${ids[0]}`;
    const inEnvelope = await postText(path, `${fields}&bulk_action[dry_run]=true&bulk_action[a][b]=1`, FORM);
    expect(faultsOf(inEnvelope)).toEqual(["bulk_action.dry_run.unknown", "bulk_action.a[b].unknown"]);
    const beside = await postText(path, `${fields}&dry_run=true`, FORM);
    expect(faultsOf(beside)).toEqual(["dry_run.unknown"]);
  });
});

test("what real clients of the base contract send along passes", async () => {
  const answers = [
    await post("/v1/bulk_actions", { bulk_action: { ...good(), live_mode: true }, live_mode: false }),
    await post("/v1/bulk_actions?live_mode=true&anything=1", { bulk_action: good() }),
    await postText(
      "/v1/bulk_actions",
      `bulk_action[action_type]=delete_products&bulk_action[record_ids][]=${ids[0]}&bulk_action[live_mode]=1`,
      FORM,
    ),
    await call("GET", "/v1/bulk_actions?context=edit&live_mode=1&limit=1"),
    await post("/v1/bulk_actions/preview?live_mode=1", { bulk_action: good() }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const created = answers.slice(0, 3).map(({ body }) => (JSON.parse(body) as { readonly id: string }).id);
  await expectNothingElseWritten(service, created);
});

describe("a body where none is taken", () => {
  test.each(["retry", "cancel", "purge"])("is refused by %s if it says anything", async (verb) => {
    const path = `/v1/bulk_actions/${NOBODY}/${verb}`;
    const body = { bulk_action: { record_ids: ids } };
    expect(faultsOf(await post(path, body))).toEqual(["bulk_action.unknown"]);
    expect(faultsOf(await postText(path, "a=b", FORM))).toEqual(["a.unknown"]);
    expect((await post(path, 7)).status).toBe(400);
  });

  test("passes if it is empty", async () => {
    const path = `/v1/bulk_actions/${NOBODY}/cancel`;
    const statuses = [{}, [], "", null, { live_mode: true }].map(
      async (body) => (await post(path, body)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404, 404, 404]);
  });
});

test("a restore takes no unknown key, so that a misspelled choice does not restore everything", async () => {
  for (const path of [`/v1/bulk_actions/${NOBODY}/restore`, `/v1/bulk_actions/${NOBODY}/restore/preview`]) {
    const beside = await post(path, { bulk_action: {}, record_ids: ids });
    expect(faultsOf(beside)).toEqual(["record_ids.unknown"]);
  }
});

test.each([
  ["POST", "/v1/bulk_actions/preview", "bulk_action"],
  ["GET", `/v1/bulk_actions/${NOBODY}/records`, "bulk_action"],
  ["GET", `/v1/bulk_actions/${NOBODY}/events`, "bulk_action"],
  ["POST", `/v1/bulk_actions/${NOBODY}/cancel`, "bulk_action"],
  ["POST", `/v1/bulk_actions/${NOBODY}/retry`, "bulk_action"],
  ["POST", `/v1/bulk_actions/${NOBODY}/restore`, "bulk_action"],
  ["POST", `/v1/bulk_actions/${NOBODY}/restore/preview`, "bulk_action"],
  ["POST", `/v1/bulk_actions/${NOBODY}/purge`, "bulk_action"],
  ["POST", "/v1/webhook_endpoints", "webhook_endpoint"],
  ["GET", "/v1/webhook_endpoints", "webhook_endpoint"],
  ["GET", `/v1/webhook_endpoints/${NOBODY}`, "webhook_endpoint"],
  ["PATCH", `/v1/webhook_endpoints/${NOBODY}`, "webhook_endpoint"],
  ["DELETE", `/v1/webhook_endpoints/${NOBODY}`, "webhook_endpoint"],
  ["POST", `/v1/webhook_endpoints/${NOBODY}/test`, "webhook_endpoint"],
  ["POST", `/v1/webhook_endpoints/${NOBODY}/rotate_secret`, "webhook_endpoint"],
  ["GET", `/v1/webhook_endpoints/${NOBODY}/deliveries`, "webhook_delivery"],
  ["POST", `/v1/webhook_deliveries/${NOBODY}/redeliver`, "webhook_delivery"],
])("%s %s takes no unknown parameter", async (method, path, object) => {
  const answer = await call(method, `${path}?outcom[]=skipped&limit[]=1`);
  const body = expectInvalid(answer, `${object}.invalid`);
  expect(body.validation_errors.map(({ code }) => code)).toEqual([
    `${object}.outcom[].unknown`,
    `${object}.limit[].unknown`,
  ]);
});

test("a webhook endpoint takes no unknown attribute, but the whole object that was read", async () => {
  const attributes = { url: "https://shop.example/hooks" };
  const create = (more: object) =>
    post("/v1/webhook_endpoints", { webhook_endpoint: { ...attributes, ...more } });
  expect(faultsOf(await create({ events: [] }), "webhook_endpoint.invalid")).toEqual([
    "webhook_endpoint.events.unknown",
  ]);
  const created = await create({});
  expect(created.status).toBe(200);
  const { id, ...rest } = JSON.parse(created.body) as { readonly id: string };
  const path = `/v1/webhook_endpoints/${id}`;
  const change = (content: object) => send("PATCH", path, JSON.stringify({ webhook_endpoint: content }));
  expect((await change({ id, ...rest, description: "changed" })).status).toBe(200);
  expect(faultsOf(await change({ descripton: "typo" }), "webhook_endpoint.invalid")).toEqual([
    "webhook_endpoint.descripton.unknown",
  ]);
  expect(JSON.parse((await call("GET", path)).body)).toMatchObject({ description: "changed" });
});

function good() {
  return { action_type: "delete_products", record_ids: ids };
}

function call(method: string, target: string): Promise<RawAnswer> {
  return sendRaw(service.url, requestHead(`${method} ${target}`, bearer(token)));
}

function post(target: string, body: unknown): Promise<RawAnswer> {
  return postText(target, JSON.stringify(body));
}

function postText(target: string, text: string, contentType?: string): Promise<RawAnswer> {
  return send("POST", target, text, contentType);
}

function send(
  method: string,
  target: string,
  text: string,
  contentType = "application/json",
): Promise<RawAnswer> {
  const headers = {
    ...bearer(token),
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
  };
  return sendRaw(service.url, requestHead(`${method} ${target}`, headers), text);
}

function expectInvalid(answer: RawAnswer, code = "bulk_action.invalid") {
  return expectRefusal(answer, { status: 422, httpStatus: "unprocessable_entity", code });
}

function faultsOf(answer: RawAnswer, code?: string): readonly string[] {
  return expectInvalid(answer, code).validation_errors.map((fault) => fault.code);
}
