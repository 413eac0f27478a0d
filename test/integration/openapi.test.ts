import { EXAMPLE_IDS } from "@bulk/wire/examples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actOut, listExamples } from "../support/act-out-examples.ts";
import { type ApiDocument, expectDocumented, fetchDocument, readValues } from "../support/documented.ts";
import { lintDocument } from "../support/lint-document.ts";
import { openTestService, type TestService } from "../support/test-service.ts";
import { openWebhookService } from "../support/webhook-service.ts";

let service: TestService;
let document: ApiDocument;

beforeAll(async () => {
  service = await openTestService();
  document = await fetchDocument(service.url);
});

afterAll(() => service[Symbol.asyncDispose]());

describe("the OpenAPI document", () => {
  test("is there for everybody, and to be kept for a while", async () => {
    const first = await fetch(`${service.url}/openapi.json`);
    expect(first.status).toBe(200);
    expect(first.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(first.headers.get("cache-control")).toBe("public, max-age=300");
    const etag = String(first.headers.get("etag"));
    const again = await fetch(`${service.url}/openapi.json`, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });

  test("has nothing that a linter would mind", async () => {
    expect(await lintDocument(document)).toEqual([]);
  });

  test("that is not well made is noticed", async () => {
    const { paths } = structuredClone(document);
    const unsound = { ...document, paths: { ...paths, "/v1/{thing}": { get: { responses: {} } } } };
    expect((await lintDocument(unsound)).map((problem) => problem.split(":")[0])).toEqual(
      expect.arrayContaining(["operation-operationId", "operation-4xx-response", "path-parameters-defined"]),
    );
  });

  test("has every operation with its scope, its refusals and an example", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.length).toBeGreaterThan(2);
    for (const operation of operations) {
      expect(operation).toMatchObject({
        security: [{ token: [expect.stringMatching(/^\w+:\w+$/)] }],
        responses: { 200: {}, 400: {}, 401: {}, 403: {}, 429: {}, 503: {} },
      });
    }
    const bodies = operations.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}));
    for (const body of bodies) expect(body).toHaveProperty("example");
    const examples = listExamples(document);
    expect(new Set(examples.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { name, answer } of examples) expect(answer.example, name).toBeDefined();
  });
});

test("the root shows a person to the page, and a program to the document", async () => {
  const response = await fetch(`${service.url}/`, { redirect: "manual" });
  expect(response.status).toBe(302);
  expect(response.headers.get("location")).toBe("/docs");
  expect(await response.json()).toEqual({ docs: "/docs", openapi: "/openapi.json" });
});

test("the page's files are there whatever a browser asks for them with", async () => {
  for (const path of ["/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]) {
    const headers = { range: "bytes=99999999-", "if-match": '"other"' };
    const response = await fetch(`${service.url}${path}`, { headers });
    expect(response.status, path).toBe(200);
    expect(response.headers.get("content-security-policy"), path).toMatch(
      /^default-src 'none';script-src 'self';/,
    );
  }
});

test("every example of the document is answered as it says", async () => {
  // On a stranger's database a preview has warnings.
  await using stage = await openWebhookService({ WEBHOOK_ALLOW_LOOPBACK: "false" }, { host: "own" });
  for (const example of listExamples(document)) {
    const response = await actOut(stage, example);
    expect(response.status, example.name).toBe(200);
    expect(response.headers.get("content-type"), example.name).toContain(example.answer.contentType);
    const [answered] = readValues(example.answer.contentType, await response.text());
    expect(withoutChance(answered), example.name).toEqual(withoutChance(example.answer.example));
  }
});

describe("an answer that is not as documented is noticed", () => {
  const records = `/v1/bulk_actions/${EXAMPLE_IDS.bulk_actions}/records`;
  const lines = { target: records, headers: { "content-type": "application/x-ndjson" } };
  const list = { object: "list", pagination: { count: 0, limit: 20, page: 1, url: "/" }, data: [] };
  const sound = {
    ...{ method: "GET", target: "/v1/bulk_actions?limit=1", status: 200 },
    ...{ headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(list) },
  };

  test.each([
    ["a status", { status: 418 }, "no such status"],
    ["a status of another operation", { status: 413 }, "no such status"],
    ["a success of no operation", { target: "/v1/nothing" }, "no such status"],
    ["a content type", { headers: { "content-type": "text/html" } }, "no content type text/html"],
    ["a header", { headers: { ...sound.headers, location: "/" } }, "no header location"],
    ["a key more", { body: JSON.stringify({ ...list, next: 2 }) }, "additional properties"],
    ["a key less", { body: JSON.stringify({ ...list, data: undefined }) }, "required property 'data'"],
    [
      "a key more in what is listed",
      { body: JSON.stringify({ ...list, data: [{ a: 1 }] }) },
      "/data/0 must have",
    ],
    ["an error of another shape", { status: 401, body: JSON.stringify({ error: "no" }) }, "http_status"],
    ["a line that is no record", { ...lines, body: '{"object":"bulk_action_record"}\n' }, "must have"],
    ["a code that is not in the table", { status: 401, body: errorWith("token.strange") }, "/code must be"],
    ["a code of another status", { status: 401, body: errorWith("bulk_action.not_found") }, "another status"],
  ])("by %s", async (_what, change, expected) => {
    await expectDocumented(service.url, sound);
    await expect(expectDocumented(service.url, { ...sound, ...change })).rejects.toThrow(expected);
  });
});

function errorWith(code: string): string {
  const body = { http_status: "unauthorized", type: "x", code, message: "x", validation_errors: [] };
  return JSON.stringify({ ...body, request_id: "x" });
}

/** The answer but for the id of what is new, its secret, and times. */
function withoutChance(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value) => {
      if (key === "id" || key === "signing_secret") return typeof value;
      return /_(at|until)$/.test(key) ? typeof value : value;
    }),
  );
}
