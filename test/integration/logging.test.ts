import { randomUUID } from "node:crypto";
import { describeError } from "@bulk/service/process/logger";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, type Headers, openRaw, requestHead, sendRaw } from "../support/raw-http.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openTestStack, type TestStack } from "../support/test-stack.ts";

type LogLine = {
  readonly level: number;
  readonly msg: string;
  readonly requestId?: string;
  readonly req?: { readonly method: string; readonly path: string };
  readonly res?: { readonly statusCode: number | null };
  readonly durationMs?: number;
  readonly accountId?: string;
  readonly bulkActionId?: string;
  readonly error?: { readonly message: string };
  readonly errorCode?: string;
};

const COLLECTION = "/v1/bulk_actions";
const INFO = 30;
const ERROR = 50;

let stack: TestStack;
let token: string;
let accountId: string;

beforeAll(async () => {
  stack = await openTestStack(inject("queueEngine"), { LOG_LEVEL: "trace" });
  ({ token, accountId } = await stack.fillShop({}));
});

afterAll(() => stack[Symbol.asyncDispose]());

describe("a request is one log line", () => {
  test("that names the bulk action it created", async () => {
    const { id, requestId } = await create(randomIds(3));
    expect(await lineOf(requestId)).toMatchObject({
      level: INFO,
      msg: "POST 200",
      req: { method: "POST", path: COLLECTION },
      res: { statusCode: 200 },
      durationMs: expect.any(Number),
      accountId,
      bulkActionId: id,
    });
  });

  test("that names the bulk action it retrieved", async () => {
    const { id } = await create(randomIds(3));
    const requestId = await call(`GET ${COLLECTION}/${id}`);
    expect(await lineOf(requestId)).toMatchObject({
      req: { method: "GET", path: `${COLLECTION}/${id}` },
      res: { statusCode: 200 },
      accountId,
      bulkActionId: id,
    });
  });

  test("without the query", async () => {
    const sought = randomUUID();
    const requestId = await call(`GET ${COLLECTION}?ids%5B%5D=${sought}&limit=100`);
    const line = await lineOf(requestId);
    expect(line).toMatchObject({ req: { method: "GET", path: COLLECTION }, accountId });
    expect(line).not.toHaveProperty("bulkActionId");
    expect(stack.api.output()).not.toContain(sought);
  });

  test.each([
    ["GET", COLLECTION, {}, 401],
    ["GET", `${COLLECTION}/%ff`, {}, 400],
    ["PATCH", "/nowhere?x=y", {}, 404],
  ])("when it is refused before anybody is known: %s %s", async (method, target, headers, statusCode) => {
    const requestId = await call(`${method} ${target}`, headers);
    const line = await lineOf(requestId);
    expect(line).toMatchObject({
      level: INFO,
      msg: `${method} ${statusCode}`,
      req: { method, path: target.replace("?x=y", "") },
      res: { statusCode },
    });
    expect(line).not.toHaveProperty("accountId");
  });

  test("when it is refused to a known caller", async () => {
    const requestId = await call(`GET ${COLLECTION}/${randomUUID()}`);
    const line = await lineOf(requestId);
    expect(line).toMatchObject({ level: INFO, res: { statusCode: 404 }, accountId });
    expect(line).not.toHaveProperty("bulkActionId");
  });

  test("when the caller hangs up in the middle of it, and is not called a success", async () => {
    const requestId = randomUUID();
    const connection = await openRaw(stack.url);
    const headers = { ...bearer(token), "content-type": "application/json", "content-length": 100 };
    await connection.write(
      `${requestHead(`POST ${COLLECTION}`, { ...headers, "x-request-id": requestId })}{`,
    );
    await connection[Symbol.asyncDispose]();
    expect(await lineOf(requestId)).toMatchObject({ msg: expect.stringMatching(/^POST (400|cut off)$/) });
  });

  test("when it never became one", async () => {
    const { headers } = await sendRaw(stack.url, "nonsense\r\n\r\n");
    expect(await lineOf(headers["request-id"])).toMatchObject({
      level: INFO,
      res: { statusCode: 400 },
      errorCode: "HPE_INVALID_METHOD",
    });
  });

  test("that says why, when the fault is ours", async () => {
    const requestId = await callWhileBroken("nothing may be written today", createBody(randomIds(1)));
    expect(await lineOf(requestId)).toMatchObject({
      level: ERROR,
      msg: "POST 500",
      res: { statusCode: 500 },
      accountId,
      error: {
        message: "PostgreSQL refused it (23514).",
        ...{ sqlstate: "23514", table: "bulk_action_chunks", constraint: "nothing may be written today" },
      },
    });
    // PostgreSQL's own words, which quote the row.
    expect(stack.api.output()).not.toMatch(/violates check constraint|Failing row/);
  });
});

describe("nothing a caller would keep to itself is in any log line", () => {
  test("when PostgreSQL refuses a statement and quotes a record", async () => {
    const secret = "correct-horse-battery-staple";
    const insert = `INSERT INTO products (name, sku, price_amount) VALUES ('${secret}', '${secret}', 1)`;
    await using service = openServiceDatabase(stack.database.url);
    const byDriver = await stack.database.query(insert).catch((error: unknown) => error);
    const byPrisma = await service.database.$executeRawUnsafe(insert).catch((error: unknown) => error);
    const wrapped = new Error("outer", { cause: byPrisma });

    for (const error of [byDriver, byPrisma, wrapped]) {
      const described = describeError(error);
      expect(described).toMatchObject({ message: "PostgreSQL refused it (23502).", sqlstate: "23502" });
      expect(JSON.stringify(described)).not.toContain(secret);
    }
    expect(describeError(byDriver)).toMatchObject({
      table: "products",
      stack: expect.stringMatching(/^ {4}at /),
    });
    const malformed = await service.database.account
      .findMany({ where: { name: { odd: secret } as never } })
      .catch((error: unknown) => error);
    expect(JSON.stringify(describeError(malformed))).not.toContain(secret);
    expect(describeError(new Error("in our words"))).toMatchObject({ message: "in our words" });
  });

  test("whether its request succeeds or fails", async () => {
    const recordIds = randomIds(20);
    const secret = "correct-horse-battery-staple";
    const body = createBody(recordIds, secret);
    const form = recordIds.map((id) => `bulk_action[record_ids][]=${id}`).join("&");
    const isForm = { "content-type": "application/x-www-form-urlencoded" };
    const before = stack.api.output().length;

    const requestIds = [
      await call(`POST ${COLLECTION}`, {}, body),
      await call(`POST ${COLLECTION}`, {}, body.slice(0, -1)),
      await call(`POST ${COLLECTION}`, {}, JSON.stringify(body)),
      await call(`POST ${COLLECTION}`, {}, body.replace(secret, `${secret}\\u12`)),
      await call(`POST ${COLLECTION}`, { "content-encoding": "gzip" }, body),
      await call(`POST ${COLLECTION}`, { "content-type": "text/plain" }, body),
      await call(`POST ${COLLECTION}`, {}, createBody([...recordIds, secret])),
      await call(`POST ${COLLECTION}`, isForm, `bulk_action[action_type]=${secret}&${form}`),
      await call(`POST ${COLLECTION}`, isForm, `bulk_action[record_ids][${secret}]=a&${form}`),
      await call(`POST ${COLLECTION}`, { authorization: `Basic ${token}` }, body),
      await call(`POST ${COLLECTION}`, { authorization: `Bearer ${token}x` }, body),
      await call(`GET ${COLLECTION}?token=${token}&ids[]=${recordIds[0]}&limit=${secret}`),
      await call(`GET ${COLLECTION}`, { cookie: secret }),
      await callWhileBroken("not today", body),
    ];
    await sendRaw(stack.url, `${requestHead(`POST ${COLLECTION}`, bearer(token))}${body}\r\n\r\n`);
    await sendRaw(stack.url, `NONSENSE ${token}\r\n\r\n`);

    for (const requestId of requestIds) await lineOf(requestId);
    const written = stack.api.output().slice(before);
    for (const kept of [token, secret, ...recordIds]) expect(written).not.toContain(kept);
  });
});

/** Sends a request; answers the id it is logged under. */
async function call(requestLine: string, headers: Headers = bearer(token), body?: string): Promise<string> {
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const head = requestHead(requestLine, {
    ...(body === undefined ? {} : { ...bearer(token), "content-type": "application/json" }),
    ...length,
    ...headers,
  });
  const answer = await sendRaw(stack.url, head, body ?? "");
  return answer.headers["request-id"] ?? "";
}

async function create(
  recordIds: readonly string[],
): Promise<{ readonly id: string; readonly requestId: string }> {
  const response = await stack.request(token, COLLECTION, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: createBody(recordIds),
  });
  const { id } = (await response.json()) as { id: string };
  return { id, requestId: response.headers.get("request-id") ?? "" };
}

function createBody(recordIds: readonly string[], note?: string): string {
  return JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: recordIds, note } });
}

/** A create that the database refuses, for this reason and with the values of the row in the error's details. */
async function callWhileBroken(reason: string, body: string): Promise<string> {
  await stack.database.query(
    `ALTER TABLE bulk.bulk_action_chunks ADD CONSTRAINT "${reason}" CHECK (record_count < 0) NOT VALID`,
  );
  const requestId = await call(`POST ${COLLECTION}`, {}, body);
  await stack.database.query(`ALTER TABLE bulk.bulk_action_chunks DROP CONSTRAINT "${reason}"`);
  return requestId;
}

/** The one line under this id. */
async function lineOf(requestId: string | undefined): Promise<LogLine> {
  return await eventually(() => {
    const lines = logLines().filter((line) => line.requestId === requestId);
    expect(lines).toHaveLength(1);
    return lines[0] as LogLine;
  });
}

function logLines(): readonly LogLine[] {
  const lines = stack.api.output().split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}
