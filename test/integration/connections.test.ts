import { API_TIMEOUTS } from "@bulk/api/http/server/api-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, type Headers, openRaw, parseAnswer, requestHead, sendRaw } from "../support/raw-http.ts";
import { everyCall, expectNothingWritten, expectRefusal } from "../support/refusal.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const COLLECTION = "/v1/bulk_actions";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await openTestService();
  ({ token } = await service.fillShop({}));
});

// Whatever was refused in a test, nothing of it is left.
afterEach(() => expectNothingWritten(service));

afterAll(() => service[Symbol.asyncDispose]());

describe("bytes that are no request", () => {
  test.each([
    ["nonsense", "nonsense\r\n\r\n"],
    ["the beginning of a TLS connection", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
    ["a method nobody knows", "ERASE / HTTP/1.1\r\nhost: a\r\n\r\n"],
    ["another version of HTTP", "GET / HTTP/1.2\r\nhost: a\r\n\r\n"],
    ["the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a header with a space in its name", "GET / HTTP/1.1\r\nhost: a\r\na b: c\r\n\r\n"],
    [
      "two lengths of one body",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
  ])("are answered with 400: %s", async (_what, bytes) => {
    const answer = await sendRaw(service.url, bytes);
    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "request.malformed" });
    expect(answer.headers["request-id"]).toMatch(UUID);
  });

  test("are answered with 400: HTTP/1.1 without a Host", async () => {
    const answer = await sendRaw(service.url, `GET ${COLLECTION} HTTP/1.1\r\nconnection: close\r\n\r\n`);
    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "request.malformed" });
  });

  test.each([
    [
      "chunks that are broken",
      "chunked",
      (text: string) => `${text.length.toString(16)}\r\n${text}\r\nzz\r\n`,
    ],
    ["a transfer encoding nobody knows", "telepathy", (text: string) => text],
  ])("are answered with 400: a good create's body in %s", async (_what, encoding, encode) => {
    const body = JSON.stringify({
      bulk_action: { action_type: "delete_products", record_ids: randomIds(1) },
    });
    const answer = await sendRaw(
      service.url,
      requestHead(`POST ${COLLECTION}`, {
        ...bearer(token),
        "content-type": "application/json",
        "transfer-encoding": encoding,
      }),
      encode(body),
    );
    expectRefusal(answer, { status: 400, httpStatus: "bad_request", code: "request.malformed" });
  });

  test.each([
    ["headers", requestHead(`GET ${COLLECTION}`, { "x-large": "a".repeat(70_000) })],
    ["many headers", requestHead(`GET ${COLLECTION}`, manyHeaders(4_000))],
    ["a path", requestHead(`GET /${"a".repeat(70_000)}`)],
  ])("are answered with 431: %s that are too large", async (_what, head) => {
    expectRefusal(await sendRaw(service.url, head), {
      status: 431,
      httpStatus: "request_header_fields_too_large",
      code: "request.headers_too_large",
    });
  });

  test("are not the headers of a client that sends its page's URL along", async () => {
    const referer = `https://shop.test/wp-admin/?${"ids%5B%5D=00000000-0000-4000-8000-000000000000&".repeat(1_000)}`;
    const head = requestHead(`GET ${COLLECTION}`, { ...bearer(token), referer });
    expect(head.length).toBeGreaterThan(45_000);
    expect(await sendRaw(service.url, head)).toMatchObject({ status: 200 });
  });

  test.each([
    ["nonsense", "nonsense\r\n\r\n", 400],
    ["a tunnel", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404],
  ])("behind a good request are refused after its whole answer: %s", async (_what, bytes, status) => {
    const head = requestHead(`GET ${COLLECTION}`, { ...bearer(token), connection: "keep-alive" });
    await using connection = await openRaw(service.url);
    await connection.write(`${head}${bytes}`);
    const answers = (await connection.untilClosed()).split(/(?=HTTP\/1\.1 )/);
    expect(answers).toHaveLength(2);
    const [list, refusal] = answers.map(parseAnswer);
    expect(list?.status).toBe(200);
    expect(JSON.parse(list?.body ?? "")).toMatchObject({ object: "list" });
    expect(refusal).toMatchObject({ status });
  });
});

describe("a caller that resets its connection", () => {
  let ports: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const worker = await service.startWorker();
    ports = { api: service.url, "the API's ops": service.opsUrl, "the worker's ops": worker.opsUrl };
  });

  const requests: readonly (readonly [what: string, bytes: string])[] = [
    ["a tunnel", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["another protocol", "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["a miracle", "GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n"],
    ["nonsense", "nonsense\r\n\r\n"],
    ["a good request and nonsense", "GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n"],
    [
      "a good request and a tunnel",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ["half a request", "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"],
  ];

  // An error without a listener would fail the run.
  test.each(requests)("after it has asked for %s harms no port", async (_what, bytes) => {
    for (const url of Object.values(ports)) {
      for (const answerFirst of [true, false]) {
        const connection = await openRaw(url);
        await connection.write(bytes);
        if (answerFirst)
          await Promise.race([connection.receive("HTTP/1.1"), connection.untilClosed()]).catch(
            () => undefined,
          );
        connection.reset();
      }
      expect((await fetch(`${url}/health/live`)).status).toBe(url === service.url ? 404 : 200);
    }
  });
});

describe("a slow sender", () => {
  const timeouts = { ...API_TIMEOUTS, headersMs: 200, requestMs: 400, checkMs: 50 };
  const expected = { status: 408, httpStatus: "request_timeout", code: "request.timeout" };
  const create = () => ({ ...bearer(token), "content-type": "application/json", "content-length": 1_000 });

  test.each([
    ["nothing", () => ""],
    ["headers without an end", () => `GET ${COLLECTION} HTTP/1.1\r\nhost: a\r\n`],
    ["a body without an end", () => `${requestHead(`POST ${COLLECTION}`, create())}{`],
    ["a body without a beginning", () => requestHead(`POST ${COLLECTION}`, create())],
  ])("of %s is answered and cut off", async (_what, begin) => {
    await using api = await openAnotherApi(service, {}, timeouts);
    await using connection = await openRaw(api.url);
    await connection.write(begin());
    expectRefusal(parseAnswer(await connection.untilClosed()), expected);
  });

  test.each([
    ["headers", () => `GET ${COLLECTION} HTTP/1.1\r\nhost: a\r\n`],
    ["body", () => `${requestHead(`POST ${COLLECTION}`, { ...create(), "content-length": 1_000_000 })}{`],
  ])("that never stops its %s is cut off all the same", async (_what, begin) => {
    await using api = await openAnotherApi(service, {}, timeouts);
    await using connection = await openRaw(api.url);
    await connection.write(begin());
    await eventually(async () => {
      await connection.write("x-drop: 1\r\n");
      expect(connection.isCut()).toBe(true);
    }, 5_000);
  });

  test("that is slow but in time is served", async () => {
    const head = requestHead(`GET ${COLLECTION}`, bearer(token));
    await using api = await openAnotherApi(
      service,
      {},
      { ...timeouts, headersMs: 10_000, requestMs: 10_000 },
    );
    expect(await sendRaw(api.url, ...head)).toMatchObject({ status: 200 });
  });

  test("is cut off by default too, within a minute", () => {
    const { headersMs, requestMs, checkMs } = API_TIMEOUTS;
    expect(Math.max(headersMs, requestMs) + checkMs).toBeLessThan(60_000);
    expect(Math.min(headersMs, requestMs, checkMs)).toBeGreaterThan(0);
  });
});

describe("every answer", () => {
  const given = "0af7651916cd43dd-8448eb211c80319c:1.a_b";

  test("has helmet's headers and does not name the framework", async () => {
    const answers = [
      ...(await everyCall(service.url, bearer(token))),
      ...(await everyCall(service.url, {})),
      await sendRaw(service.url, requestHead("GET /nowhere")),
    ];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        "content-security-policy": expect.stringContaining("default-src 'self'"),
        "strict-transport-security": expect.stringContaining("max-age="),
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "no-referrer",
      });
      expect(headers).not.toHaveProperty("x-powered-by");
      expect(headers).not.toHaveProperty("server");
    }
  });

  test("has a request id of its own", async () => {
    const answers = [...(await everyCall(service.url, bearer(token))), ...(await everyCall(service.url, {}))];
    const ids = answers.map(({ headers }) => headers["request-id"]);
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("keeps a well-formed id of the caller's", async () => {
    for (const { headers } of await everyCall(service.url, { ...bearer(token), "x-request-id": given })) {
      expect(headers["request-id"]).toBe(given);
    }
  });

  test.each([
    ["is empty", ""],
    ["has a space", "a b"],
    ["is a list", "a, b"],
    ["has quotes", '"a"'],
    ["has markup", "<script>"],
    ["is too long", "a".repeat(129)],
  ])("replaces an id of the caller's that %s", async (_what, id) => {
    for (const { headers } of await everyCall(service.url, { ...bearer(token), "x-request-id": id })) {
      expect(headers["request-id"]).toMatch(UUID);
    }
  });

  test("is given in spite of an expectation nobody knows", async () => {
    for (const answer of await everyCall(service.url, { expect: "a-miracle" })) {
      expectRefusal(answer, { status: 401, httpStatus: "unauthorized", code: "unauthorized" });
    }
    const head = requestHead(`GET ${COLLECTION}`, { ...bearer(token), expect: "a-miracle" });
    expect(await sendRaw(service.url, head)).toMatchObject({ status: 200 });
  });

  test("is given to a request for a whole URL, as proxies send it", async () => {
    const head = requestHead(`GET http://shop.test${COLLECTION}?limit=3`, bearer(token));
    expect(JSON.parse((await sendRaw(service.url, head)).body)).toMatchObject({ pagination: { limit: 3 } });
  });
});

function manyHeaders(count: number): Headers {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-header-${n}`, "a"]));
}
