import { randomUUID } from "node:crypto";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { submittable } from "@bulk/actions/registry";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, type Headers, type RawAnswer, requestHead, sendRaw } from "../support/raw-http.ts";
import { everyCall, expectNothingWritten, expectRefusal, type WireFault } from "../support/refusal.ts";
import { registry } from "../support/registry.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const COLLECTION = "/v1/bulk_actions";
/** A good id that no bulk action has. */
const NOBODY = "00000000-0000-4000-8000-000000000000";
const FORM = "application/x-www-form-urlencoded";
const MOST_IDS = 50;
/** What follows from it for a body: room for 128 bytes an id, and for the rest. */
const BODY_CAP = MOST_IDS * 128 + 65_536;

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await openTestService({ MAX_RECORD_IDS: String(MOST_IDS) });
  ({ token } = await service.fillShop({}));
});

// Whatever was refused in a test, nothing of it is left.
afterEach(() => expectNothingWritten(service));

afterAll(() => service[Symbol.asyncDispose]());

describe("400", () => {
  const validForm = `bulk_action[action_type]=delete_products&bulk_action[record_ids][]=${randomUUID()}`;

  test.each<[string, string, string | Uint8Array, Headers?]>([
    ["text that is not JSON", "request.malformed", "bulk_action"],
    ["JSON that breaks off", "request.malformed", '{"bulk_action":'],
    ["two JSON texts", "request.malformed", "{}{}"],
    ["a JSON string", "bulk_action.missing", JSON.stringify(JSON.stringify(validBody()))],
    ["a JSON array", "bulk_action.missing", JSON.stringify([validBody()])],
    ["a number", "bulk_action.missing", "42"],
    ["null", "bulk_action.missing", "null"],
    ["an object without bulk_action", "bulk_action.missing", JSON.stringify(validBody().bulk_action)],
    ["a bulk_action that is a string", "bulk_action.missing", '{"bulk_action":"delete_products"}'],
    ["a bulk_action that is an array", "bulk_action.missing", '{"bulk_action":[]}'],
    ["a bulk_action that is null", "bulk_action.missing", '{"bulk_action":null}'],
    ["an empty body", "bulk_action.missing", ""],
    ["an empty form", "bulk_action.missing", "", { "content-type": FORM }],
    ["a form without bulk_action", "bulk_action.missing", "a=b", { "content-type": FORM }],
    ["a form with one id misspelled", "request.malformed", formWith("[x]"), { "content-type": FORM }],
    ["JSON in broken UTF-8", "request.malformed", withBrokenText(JSON.stringify(validBody("note")))],
    ["a form in broken UTF-8", "request.malformed", withBrokenText(validForm), { "content-type": FORM }],
    ["a body that is not the gzip it claims", "request.malformed", "{}", { "content-encoding": "gzip" }],
    ["a gzip that breaks off", "request.malformed", brokenGzip(), { "content-encoding": "gzip" }],
    ["JSON nested too deeply", "request.malformed", withIds(`${"[".repeat(30_000)}${"]".repeat(30_000)}`)],
    ["objects nested too deeply", "request.malformed", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`],
    ["JSON that never closes what it opens", "request.malformed", "[".repeat(BODY_CAP)],
  ])("answers %s", async (_what, code, body, headers) => {
    expectRefusal(await post(body, headers), { status: 400, httpStatus: "bad_request", code });
  });

  test("answers a create without any body", async () => {
    const answer = await sendRaw(service.url, requestHead(`POST ${COLLECTION}`, bearer(token)));
    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "bulk_action.missing" });
  });

  test.each(["%", "%zz", "%ff", "%c3%28"])("answers the path of a bulk action with %s in it", async (id) => {
    const answer = await sendRaw(service.url, requestHead(`GET ${COLLECTION}/${id}`, bearer(token)));
    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "request.malformed" });
  });
});

describe("401", () => {
  const UNAUTHORIZED = { status: 401, httpStatus: "unauthorized", code: "unauthorized" };

  test.each<[string, Headers]>([
    ["no token", {}],
    ["an empty token", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic c2hvcDpzM2NyZXQ=" }],
    ["a token with a space in it", { authorization: "Bearer a b" }],
    ["a token of 600 characters", { authorization: `Bearer ${"a".repeat(600)}` }],
  ])("answers %s, to whatever it is", async (_what, headers) => {
    for (const answer of await everyCall(service.url, headers)) {
      expectRefusal(answer, UNAUTHORIZED);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
  });

  test("answers an unknown token in the reference implementation's words", async () => {
    for (const answer of await everyCall(service.url, bearer("bulk_live_unknown"))) {
      const body = expectRefusal(answer, UNAUTHORIZED);
      expect(body).toMatchObject({ type: "unauthorized", message: "Invalid API token provided." });
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer error="invalid_token", /);
    }
  });

  test.each([
    ["revoked", "revoked_at = now()"],
    ["expired", "expires_at = now()"],
  ])("answers a token that is %s", async (_what, change) => {
    const changed = await mintToken(change);
    for (const answer of await everyCall(service.url, bearer(changed))) {
      expectRefusal(answer, UNAUTHORIZED);
    }
  });

  test("is not answered to a token that expires later, whatever the case of its scheme", async () => {
    const lasting = await mintToken("expires_at = now() + interval '1 minute'");
    const head = requestHead(`GET ${COLLECTION}`, { authorization: `bearer  ${lasting}` });
    expect(await sendRaw(service.url, head)).toMatchObject({ status: 200 });
  });
});

describe("403", () => {
  test("answers a create with a token that may only read", async () => {
    const reader = await mintToken("scopes = '{bulk_actions:read}'");
    const [create, list, retrieve] = await everyCall(service.url, bearer(reader));
    const body = expectRefusal(create, {
      status: 403,
      httpStatus: "forbidden",
      code: "token.scope_missing",
    });
    expect(body.message).toContain("bulk_actions:write");
    expect(create?.headers["www-authenticate"]).toBe(
      'Bearer error="insufficient_scope", scope="bulk_actions:write"',
    );
    expect([list?.status, retrieve?.status]).toEqual([200, 404]);
  });

  test("answers retrieve and list with a token that may only write", async () => {
    const writer = await mintToken("scopes = '{bulk_actions:write}'");
    const [create, ...reads] = await everyCall(service.url, bearer(writer));
    for (const answer of reads) {
      const body = expectRefusal(answer, {
        status: 403,
        httpStatus: "forbidden",
        code: "token.scope_missing",
      });
      expect(body.message).toContain("bulk_actions:read");
    }
    expect(create?.status).toBe(400);
  });

  test("comes before anything is said about the body", async () => {
    const reader = await mintToken("scopes = '{}'");
    const answer = await post("nonsense", { ...bearer(reader), "content-type": "text/plain" });
    expectRefusal(answer, { status: 403, httpStatus: "forbidden", code: "token.scope_missing" });
  });
});

describe("404", () => {
  test("answers an unknown, a malformed and a foreign id in the same words", async () => {
    await using other = await openTestService();
    const own = await other.fillShop({});
    const stranger = await other.fillShop({}, "stranger");
    const { id } = await other.submit(own.token, "delete_products", randomIds(1));
    const answers = await Promise.all(
      [randomUUID(), "42", "%00", `${id}0`, id].map((unknown) =>
        sendRaw(other.url, requestHead(`GET ${COLLECTION}/${unknown}`, bearer(stranger.token))),
      ),
    );
    const messages = answers.map(
      (answer) =>
        expectRefusal(answer, { status: 404, httpStatus: "not_found", code: "bulk_action.not_found" })
          .message,
    );
    expect(new Set(messages).size).toBe(1);
  });

  test.each([
    "GET /v1",
    "GET /v2/bulk_actions",
    "GET //v1/bulk_actions",
    `GET ${COLLECTION}/${NOBODY}/outcomes`,
    "GET /v1/%ff",
    "GET /health/live",
    "GET http://[/v1/bulk_actions",
    "OPTIONS *",
    "CONNECT shop.test:443",
  ])("answers the unknown path of %s", async (requestLine) => {
    const answer = await sendRaw(service.url, requestHead(requestLine, bearer(token)));
    expectRefusal(answer, { status: 404, httpStatus: "not_found", code: "request.not_found" });
  });

  test.each([
    ...["PUT", "PATCH", "DELETE", "OPTIONS"].map((method) => `${method} ${COLLECTION}`),
    ...["POST", "PUT", "PATCH", "DELETE"].map((method) => `${method} ${COLLECTION}/${NOBODY}`),
  ])("answers the wrong method of %s", async (requestLine) => {
    const answer = await sendRaw(service.url, requestHead(requestLine, bearer(token)));
    expectRefusal(answer, { status: 404, httpStatus: "not_found", code: "request.not_found" });
  });
});

describe("413", () => {
  const expected = { status: 413, httpStatus: "payload_too_large", code: "request.too_large" };

  test("answers a body over the cap, and not one of exactly the cap", async () => {
    expectRefusal(await post(padded(BODY_CAP + 1)), expected);
    expectRefusal(await post(padded(BODY_CAP + 1), { "content-type": FORM }), expected);
    expect(await post(padded(BODY_CAP))).toMatchObject({ status: 400 });
  });

  test("answers a body that grows over the cap without saying its length", async () => {
    const head = requestHead(`POST ${COLLECTION}`, {
      ...bearer(token),
      "content-type": "application/json",
      "transfer-encoding": "chunked",
    });
    const chunk = `${(BODY_CAP + 1).toString(16)}\r\n${padded(BODY_CAP + 1)}\r\n`;
    expectRefusal(await sendRaw(service.url, head, chunk, "0\r\n\r\n"), expected);
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("answers a small body that unpacks to one over the cap: %s", async (encoding, compress) => {
    const packed = compress(padded(100 * BODY_CAP));
    expect(packed.length).toBeLessThan(BODY_CAP);
    expectRefusal(await post(packed, { "content-encoding": encoding }), expected);
  });

  test("answers a body that unpacks to far more than ids do, though not to one over the cap", async () => {
    const packed = gzipSync(padded(BODY_CAP));
    expectRefusal(await post(packed, { "content-encoding": "gzip" }), expected);
    const ids = gzipSync(JSON.stringify({ bulk_action: { record_ids: randomIds(MOST_IDS) } }, undefined, 8));
    expect(await post(ids, { "content-encoding": "gzip" })).toMatchObject({ status: 422 });
  });

  test.each<[string, string, Headers?]>([
    ["keys", `{${Array.from({ length: 2_000 }, (_, n) => `"${n}":0`).join()}}`],
    ["values", withIds("[],".repeat(2_500).slice(0, -1))],
    ["parameters without a value", "a&".repeat(5_000), { "content-type": FORM }],
    ["parameters", "a=b&".repeat(5_000), { "content-type": FORM }],
  ])("answers a body of more %s than any that means something", async (_what, body, headers) => {
    expect(body.length).toBeLessThan(BODY_CAP);
    expectRefusal(await post(body, headers), expected);
  });

  test("answers a body of over 64 kB where no ids are taken", async () => {
    const head = { ...bearer(token), "content-type": "application/json", "content-length": 65_537 };
    for (const path of [`${COLLECTION}/${NOBODY}/cancel`, "/v1/webhook_endpoints"]) {
      expectRefusal(await sendRaw(service.url, requestHead(`POST ${path}`, head), padded(65_537)), expected);
    }
  });
});

describe("415", () => {
  const expected = {
    status: 415,
    httpStatus: "unsupported_media_type",
    code: "request.unsupported_media_type",
  };

  test.each<[string, Headers]>([
    ["text/plain", { "content-type": "text/plain" }],
    ["multipart/form-data", { "content-type": "multipart/form-data; boundary=x" }],
    ["what only begins like JSON", { "content-type": "application/jsonx" }],
    ["no content type", { "content-type": "" }],
    ["JSON in Latin-1", { "content-type": "application/json; charset=iso-8859-1" }],
    ["JSON in UTF-16", { "content-type": "application/json; charset=utf-16" }],
    ["JSON in an unknown charset", { "content-type": "application/json; charset=utf-99" }],
    ["a form in Latin-1", { "content-type": `${FORM}; charset=iso-8859-1` }],
    ["a form in an unknown charset", { "content-type": `${FORM}; charset=utf-99` }],
    ["an unknown content encoding", { "content-encoding": "compress" }],
  ])("answers %s", async (_what, headers) => {
    expectRefusal(await post(JSON.stringify(validBody()), headers), expected);
  });

  test("says which header to send where there is none", async () => {
    const { message } = expectRefusal(
      await post(JSON.stringify(validBody()), { "content-type": "" }),
      expected,
    );
    expect(message).toContain("Send the header Content-Type: application/json");
  });

  test.each(["utf8", "UTF-8", '"utf-8"', "unicode-1-1-utf-8", ""])(
    "is not answered to charset=%s, which is UTF-8 as well",
    async (charset) => {
      const headers = { "content-type": `application/json; charset=${charset}` };
      expectRefusal(await post("{}", headers), {
        status: 400,
        httpStatus: "bad_request",
        code: "bulk_action.missing",
      });
    },
  );
});

describe("422", () => {
  const invalid = { status: 422, httpStatus: "unprocessable_entity", code: "bulk_action.invalid" };

  async function expectInvalid(bulkAction: unknown): Promise<readonly WireFault[]> {
    const answer = await post(JSON.stringify({ bulk_action: bulkAction }));
    const { message, validation_errors: faults } = expectRefusal(answer, invalid);
    expect(message).toContain(`${faults[0]?.attribute} ${faults[0]?.message}`);
    return faults;
  }

  test.each([undefined, null, ""])("names an action_type of %j as blank", async (actionType) => {
    const [fault] = await expectInvalid({ action_type: actionType, record_ids: randomIds(1) });
    expect(fault).toStrictEqual({
      attribute: "action_type",
      type: "blank",
      code: "bulk_action.action_type.blank",
      options: {},
      message: "can't be blank",
    });
  });

  test.each([
    ["delete_everything"],
    ["DELETE_PRODUCTS"],
    [" "],
    ["constructor"],
    [42],
    [true],
    [["delete_products"]],
    [{}],
  ])("names an action_type of %j as not in the list, and the list", async (actionType) => {
    const [fault] = await expectInvalid({ action_type: actionType, record_ids: randomIds(1) });
    expect(fault).toStrictEqual({
      attribute: "action_type",
      type: "inclusion",
      code: "bulk_action.action_type.inclusion",
      options: { in: [...submittable(registry).keys()] },
      message: expect.stringMatching(/^must be one of /),
    });
  });

  test.each([[undefined], [null], [""], [[]]])("names record_ids of %j as blank", async (recordIds) => {
    const [fault] = await expectInvalid({ action_type: "delete_products", record_ids: recordIds });
    expect(fault).toStrictEqual({
      attribute: "record_ids",
      type: "blank",
      code: "bulk_action.record_ids.blank",
      options: {},
      message: "can't be blank",
    });
  });

  test.each(["an id", 42, true, {}])("names record_ids of %j as no array", async (recordIds) => {
    const [fault] = await expectInvalid({ action_type: "delete_products", record_ids: recordIds });
    expect(fault).toStrictEqual({
      attribute: "record_ids",
      type: "invalid",
      code: "bulk_action.record_ids.invalid",
      options: {},
      message: "must be an array of UUIDs",
    });
  });

  test("names the limit when there are too many record_ids, and takes exactly as many", async () => {
    const [fault] = await expectInvalid({
      action_type: "delete_products",
      record_ids: randomIds(MOST_IDS + 1),
    });
    expect(fault).toStrictEqual({
      attribute: "record_ids",
      type: "too_long",
      code: "bulk_action.record_ids.too_long",
      options: { count: MOST_IDS },
      message: `has ${MOST_IDS + 1} ids; at most ${MOST_IDS} are allowed in one bulk action`,
    });
    await using other = await openTestService({ MAX_RECORD_IDS: String(MOST_IDS) });
    const shop = await other.fillShop({});
    await other.submit(shop.token, "delete_products", randomIds(MOST_IDS));
  });

  test.each<[string, unknown, string]>([
    ["text", "nonsense", '"nonsense"'],
    ["a UUID with something behind it", `${"0".repeat(8)}-0000-0000-0000-000000000000 `, '-000000000000 "'],
    ["a UUID without hyphens", "0".repeat(32), `"${"0".repeat(32)}"`],
    ["a UUID in braces", `{${randomUUID()}}`, '"{'],
    ["an empty text", "", '""'],
    ["a NUL", "\u0000", '"\\u0000"'],
    ["a long text", "x".repeat(5_000), "xxx…"],
    ["null", null, "null"],
    ["a number", 42, "42"],
    ["an object", { id: randomUUID() }, "an object"],
    ["an array", [randomUUID()], "an array"],
  ])("names index and value of an id that is %s", async (_what, id, shown) => {
    const [before = "", after = ""] = randomIds(2);
    const [fault, ...others] = await expectInvalid({
      action_type: "delete_products",
      record_ids: [before, id, after],
    });
    expect(others).toEqual([]);
    expect(fault).toStrictEqual({
      attribute: "record_ids",
      type: "invalid",
      code: "bulk_action.record_ids.invalid",
      options: { index: 1, value: expect.stringContaining(shown) },
      message: expect.stringMatching(/^\[1\] is not a UUID: /),
    });
    expect(fault?.message.length).toBeLessThan(200);
  });

  test("names everything that is wrong at once", async () => {
    const faults = await expectInvalid({
      action_type: "delete_everything",
      record_ids: ["a", randomUUID(), "b"],
    });
    expect(faults.map(({ code, options }) => [code, options["index"]])).toEqual([
      ["bulk_action.action_type.inclusion", undefined],
      ["bulk_action.record_ids.invalid", 0],
      ["bulk_action.record_ids.invalid", 2],
    ]);
  });

  test("names at most twenty wrong ids, the first ones, and says how many more there are", async () => {
    const recordIds = [...randomIds(5), ...Array.from({ length: 40 }, () => "wrong")];
    const body = { bulk_action: { action_type: "delete_everything", record_ids: recordIds } };
    const { message, validation_errors: all } = expectRefusal(await post(JSON.stringify(body)), invalid);
    expect(message).toMatch(/^action_type must be one of .* \(and 40 more\)\.$/);
    const [, ...faults] = all;
    expect(faults.map(({ options }) => options["index"])).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 5),
    );
  });

  test("names what is wrong in a form", async () => {
    const answer = await post(formWith("[]"), { "content-type": FORM });
    const { validation_errors } = expectRefusal(answer, invalid);
    expect(validation_errors.map(({ code }) => code)).toEqual([
      "bulk_action.action_type.blank",
      "bulk_action.record_ids.invalid",
    ]);
  });
});

describe("503", () => {
  const expected = { status: 503, httpStatus: "service_unavailable", code: "service.unavailable" };

  test("answers every call while no database is to be reached", async () => {
    await using api = await openAnotherApi(service, {
      DATABASE_URL: "postgres://shop:s3cret@127.0.0.1:1/shop",
    });
    for (const answer of await everyCall(api.url, bearer(token))) {
      expectRefusal(answer, expected);
      expect(answer.headers["retry-after"]).toBe("5");
      expect(answer.body).not.toContain("s3cret");
    }
  });

  test("answers every call while the database is away, and no longer once it is back", async () => {
    await using proxy = await openTcpProxy(service.database.url);
    await using api = await openAnotherApi(service, { DATABASE_URL: proxy.url });
    const statuses = async () => (await everyCall(api.url, bearer(token))).map(({ status }) => status);
    expect(await statuses()).toEqual([400, 200, 404]);

    await proxy.cut();
    for (const answer of await everyCall(api.url, bearer(token))) {
      expectRefusal(answer, expected);
      expect(answer.headers["retry-after"]).toBe("5");
    }
    const create = await post(JSON.stringify(validBody()), {}, api.url);
    expectRefusal(create, expected);

    await proxy.mend();
    await eventually(async () => expect(await statuses()).toEqual([400, 200, 404]));
  });

  test("answers a request whose connection the database ends, and the next one is answered as usual", async () => {
    await using api = await openAnotherApi(service, { API_POOL_SIZE: "1" });
    const locker = new pg.Client({ connectionString: service.database.url });
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE bulk.bulk_actions");
    const waiting = sendRaw(api.url, requestHead(`GET ${COLLECTION}/${randomUUID()}`, bearer(token)));
    await eventually(async () => {
      const ended = await service.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'bulk-actions-api' AND wait_event_type = 'Lock'`,
      );
      expect(ended).toHaveLength(1);
    }).finally(() => locker.end());

    expectRefusal(await waiting, expected);
    await eventually(async () => {
      expect((await everyCall(api.url, bearer(token))).map(({ status }) => status)).toEqual([400, 200, 404]);
    });
  });

  test.runIf(inject("queueEngine") === "redis")("is not answered when only the queue is away", async () => {
    await using other = await openTestService();
    const shop = await other.fillShop({});
    await other.redis?.kill();
    const { id } = await other.submit(shop.token, "delete_products", randomIds(1));
    expect(await other.retrieve(shop.token, id)).toMatchObject({ status: "pending" });
    await other.redis?.start();
  });
});

function validBody(note?: string) {
  return { bulk_action: { action_type: "delete_products", record_ids: randomIds(1) }, note };
}

/** A create with these ids, as JSON text. */
function withIds(ids: string): string {
  return `{"bulk_action":{"action_type":"delete_products","record_ids":[${ids}]}}`;
}

function formWith(brackets: string): string {
  return `bulk_action[record_ids][]=nonsense&bulk_action[record_ids]${brackets}=${randomUUID()}`;
}

/** Valid but for one byte; in JSON it lies inside a text that nobody asks for. */
function withBrokenText(text: string): Uint8Array {
  const at = Math.max(text.indexOf("note"), 0);
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([0xff]), Buffer.from(text.slice(at))]);
}

function brokenGzip(): Uint8Array {
  const whole = gzipSync(JSON.stringify(validBody()));
  return whole.subarray(0, whole.length - 10);
}

function padded(length: number): string {
  return `{${" ".repeat(length - 2)}}`;
}

/** Sends a create; the headers given replace those of an ordinary one, and an empty text leaves one out. */
function post(body: string | Uint8Array, headers: Headers = {}, url = service.url): Promise<RawAnswer> {
  const all = {
    ...bearer(token),
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
  return sendRaw(url, requestHead(`POST ${COLLECTION}`, sent), body);
}

/** A token of the account, changed by what is SET. */
async function mintToken(change: string): Promise<string> {
  const { token: minted } = await service.fillShop({});
  await service.database.query(
    `UPDATE bulk.api_tokens SET ${change} WHERE digest = sha256(convert_to($1, 'UTF8'))`,
    [minted],
  );
  return minted;
}
