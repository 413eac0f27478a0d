import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { API_TIMEOUTS } from "@bulk/api/http/server/api-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import type { WireAction } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { openKeyedHost } from "../support/keyed-host.ts";
import { lockTables } from "../support/lock-rows.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, type Headers, openRaw, parseAnswer, requestHead, sendRaw } from "../support/raw-http.ts";
import { expectRefusal, type WireError, type WireFault } from "../support/refusal.ts";
import { openTestService, type TestService } from "../support/test-service.ts";
import { openTestStack } from "../support/test-stack.ts";

const COLLECTION = "/v1/bulk_actions";
const UPLOAD = `${COLLECTION}?action_type=delete_products`;
const [CSV, NDJSON] = ["text/csv", "application/x-ndjson"] as const;
const MOST = 500_000;

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await openTestService({ MAX_UPLOADED_IDS: String(MOST) });
  ({ token } = await service.fillShop({}));
});

beforeEach(() => service.database.query("TRUNCATE bulk.bulk_actions CASCADE"));

afterAll(() => service[Symbol.asyncDispose]());

describe("a file of ids is read", () => {
  const [one = "", two = "", three = ""] = randomIds(3);
  const ids = [one, two, three];
  const quoted = ids.map((id) => JSON.stringify(id));

  test.each<[string, string, string]>([
    ["CSV without a header", CSV, ids.join("\n")],
    ["CSV with a header and an end", CSV, `id\n${ids.join("\n")}\n`],
    ["CSV with a header of any name", CSV, `Product ID\n${ids.join("\n")}\n`],
    ["CSV with CR LF", CSV, `record_id\r\n${ids.join("\r\n")}\r\n`],
    ["CSV with quotes", CSV, `"ID"\n${quoted.join("\n")}\n`],
    ["CSV with a byte order mark", CSV, `\ufeff${ids.join("\n")}`],
    ["CSV with a byte order mark and a header", CSV, `\ufeffid\n${ids.join("\n")}`],
    ["CSV with empty lines", CSV, `\n\nid\n${ids.join("\n\n")}\n\n\n`],
    ["CSV in upper case", CSV, ids.join("\n").toUpperCase()],
    ["CSV of several columns", CSV, `sku,id,name\n${ids.map((id) => `S,${id},"A, b"`).join("\n")}\n`],
    ["CSV with a field of several lines", CSV, `name,id\r\n"a\r\nb",${ids.join("\r\n,")}\r\n`],
    ["CSV that is in quotes here and there", CSV, `${one}\n"${two}"\n${three}`],
    ["NDJSON of texts", NDJSON, quoted.join("\n")],
    ["NDJSON of objects", NDJSON, ids.map((id) => JSON.stringify({ sku: "S", id })).join("\n")],
    ["NDJSON of objects with record_id", NDJSON, ids.map((id) => `{"record_id": "${id}"}\r\n`).join("")],
    [
      "NDJSON with escapes and white space",
      NDJSON,
      `\ufeff ${quoted[0]?.replace("-", "\\u002d")} \n\n \n${quoted[1]}\n\t${quoted[2]}`,
    ],
  ])("%s", async (_what, type, body) => {
    expect(await created(body, { "content-type": type })).toMatchObject({
      ...{ record_ids: ids, skipped_record_ids: [], status: "pending", action_type: "delete_products" },
    });
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("that is compressed with %s", async (coding, compress) => {
    const headers = { "content-type": `${CSV}; charset=utf-8`, "content-encoding": coding };
    expect((await created(compress(ids.join("\n")), headers)).record_ids).toEqual(ids);
  });

  test("of more ids than one statement takes, each once and in order, and lists none of them", async () => {
    const many = randomIds(130_000);
    const [twice = "", thrice = ""] = [many[70_000], many[129_999]];
    const body = [...many, twice, many[0], thrice, ...many.slice(5, 20)].join("\n");
    const { id, record_ids: listed } = await created(body, { "content-type": CSV });
    expect(listed).toEqual([]);
    expect(await readIds(id)).toEqual(many);
    const chunks = await service.database.query<{ position: number; record_count: number }>(
      "SELECT position, record_count FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1 ORDER BY position",
      [id],
    );
    let next = 0;
    for (const { position, record_count: count } of chunks) {
      expect(position).toBe(next);
      expect(count).toBeLessThanOrEqual(1_000);
      next += count;
    }
    expect(next).toBe(many.length);
  });

  test("in pieces of one byte", async () => {
    const body = `id,name\n${ids.map((id) => `${id},"Ä\nb"`).join("\n")}`;
    await using connection = await openRaw(service.url);
    await connection.write(uploadHead({ "transfer-encoding": "chunked" }));
    for (const byte of Buffer.from(body))
      await connection.write(Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]));
    await connection.write("0\r\n\r\n");
    const answer = parseAnswer(await connection.untilClosed());
    expect(JSON.parse(answer.body).record_ids).toEqual(ids);
  });

  test.each(["bigint", "text"] as const)("with keys of the type %s", async (type) => {
    await using host = await openKeyedHost(type);
    await using own = await openTestService(
      { RECORDS: host.file },
      { prepare: (database) => host.prepare(database) },
    );
    const shop = await own.fillShop({});
    const goods = await host.addGoods(own.database, shop.accountId, 30);
    const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    for (const [contentType, body] of [
      [CSV, ["code", ...goods.map(cell), ""].join("\n")],
      [CSV, ["name,CODE", ...goods.map((good) => `n,${cell(good)}`)].join("\r\n")],
      [NDJSON, goods.map((good) => JSON.stringify(good)).join("\n")],
      [NDJSON, goods.map((good) => JSON.stringify({ id: "other", code: good })).join("\n")],
    ] as const) {
      const response = await own.request(shop.token, `${COLLECTION}?action_type=delete_goods`, {
        ...{ method: "POST", headers: { "content-type": contentType }, body },
      });
      expect(await response.json(), contentType).toMatchObject({ record_ids: goods });
    }
  });
});

describe("a fault is refused with its line, and nothing is written", () => {
  const [one = "", two = "", three = ""] = randomIds(3);
  const long = "x".repeat(70_000);

  test.each<[string, string, string | Uint8Array, Partial<WireFault>]>([
    [
      "no id",
      CSV,
      `${one}\n${two}\nnonsense\n${three}`,
      { type: "invalid", options: { line: 3, value: '"nonsense"' } },
    ],
    ["no id after a header", CSV, `id\r\n${one}\r\n12\r\n`, { options: { line: 3, value: '"12"' } }],
    ["no id in a first line with digits", CSV, `id7\n${one}`, { options: { line: 1, value: '"id7"' } }],
    [
      "no id after a field of several lines",
      CSV,
      `id,a\r\n${one},"b\r\nc"\r\nx,d`,
      { options: { line: 4, value: '"x"' } },
    ],
    ["an empty id", CSV, `id,a\n,b\n`, { options: { line: 2, value: '""' } }],
    ["white space around an id", CSV, ` ${one}`, { options: { line: 1, value: JSON.stringify(` ${one}`) } }],
    ["two columns of the name", CSV, `id,a,id\n${one},b,${two}`, { options: { line: 1 } }],
    ["line ends that are none", CSV, `${one}\r${two}\r${three}`, { options: { line: 1 } }],
    ["columns without a known name", CSV, `sku,name\na,b`, { options: { line: 1 } }],
    ["another number of columns", CSV, `id\n${one}\n${two},b`, { options: { line: 3 } }],
    ["a quote that does not end", CSV, `${one}\n"${two}\n${three}`, { options: { line: 3 } }],
    ["a quote within a field", CSV, `id,a\n${one},b"c\n`, { options: { line: 2 } }],
    [
      "what is not UTF-8",
      CSV,
      Buffer.concat([Buffer.from(`id,a\n${one},b\n`), Buffer.of(0xff), Buffer.from(",c\n")]),
      { options: { line: 3 } },
    ],
    ["a long line", CSV, `${one}\n${long}`, { options: { line: 2 } }],
    ["a long field", CSV, `id,a\n${one},"${long}"\n`, { options: { line: 2 } }],
    ["no JSON", NDJSON, `"${one}"\n${two}`, { options: { line: 2 } }],
    ["no id in JSON", NDJSON, `"${one}"\n\n[]`, { options: { line: 3, value: "an array" } }],
    ["an object without an id", NDJSON, `{"sku":"${one}"}`, { options: { line: 1, value: "an object" } }],
    [
      "an id of a prototype",
      NDJSON,
      `{"__proto__":{"id":"${one}"}}`,
      { options: { line: 1, value: "an object" } },
    ],
    ["a number", NDJSON, `"${one}"\n17`, { options: { line: 2, value: "17" } }],
    ["NDJSON that is not UTF-8", NDJSON, Buffer.of(0x22, 0xff, 0x22), { options: { line: 1 } }],
    ["a long line of JSON", NDJSON, `"${one}"\n"${long}"`, { options: { line: 2 } }],
    ["nesting without an end", NDJSON, "[".repeat(60_000), { options: { line: 1 } }],
    ["nothing at all", CSV, "", { type: "blank", options: {} }],
    ["nothing but a header", CSV, "id\n", { type: "blank", options: {} }],
    ["nothing but empty lines", NDJSON, "\n\n", { type: "blank", options: {} }],
  ])("%s", async (_what, type, body, expected) => {
    const error = await refused(422, "bulk_action.invalid", body, { "content-type": type });
    expect(error.validation_errors).toMatchObject([
      { attribute: "record_ids", type: "invalid", ...expected },
    ]);
    await expectNothingStored();
  });

  test("in the last of very many lines", async () => {
    const body = [...randomIds(120_000), "nonsense"].join("\n");
    const error = await refused(422, "bulk_action.invalid", body, { "content-type": CSV });
    expect(error.validation_errors).toMatchObject([{ options: { line: 120_001 } }]);
    await expectNothingStored();
  });

  test.each<[string, string, string, Partial<WireFault>]>([
    ["more ids than announced", "2", [one, two, three].join("\n"), { options: { line: 3, count: 2 } }],
    ["fewer ids than announced", "4", [one, two, three].join("\n"), { options: { line: 3, count: 4 } }],
    ["fewer ids than announced, without those that repeat", "2", one, { options: { line: 1, count: 2 } }],
  ])("%s", async (_what, count, body, expected) => {
    const headers = { "content-type": CSV, "bulk-expected-count": count };
    const error = await refused(422, "bulk_action.invalid", body, headers);
    expect(error.validation_errors).toMatchObject([{ type: "wrong_length", ...expected }]);
    await expectNothingStored();
  });

  test("an announced count counts ids that repeat", async () => {
    const headers = { "content-type": CSV, "bulk-expected-count": "3" };
    expect((await created([one, two, one].join("\n"), headers)).record_ids).toEqual([one, two]);
    await refused(400, "request.malformed", one, { ...headers, "bulk-expected-count": "-1" });
    await refused(422, "bulk_action.invalid", one, { ...headers, "bulk-expected-count": String(MOST + 1) });
  });

  test("more ids than an upload may have, of which none is counted twice", async () => {
    await using small = await openAnotherApi(service, { MAX_UPLOADED_IDS: "3" });
    const headers = { ...bearer(token), "content-type": CSV };
    const body = `${[one, two, three, one].join("\n")}`;
    const head = requestHead(`POST ${UPLOAD}`, { ...headers, "content-length": body.length });
    const answer = await sendRaw(small.url, head, body);
    expect(expectRefusal(answer, UNPROCESSABLE).validation_errors).toMatchObject([
      { code: "bulk_action.record_ids.too_long", options: { count: 3, line: 4 } },
    ]);
  });
});

const UNPROCESSABLE = { status: 422, httpStatus: "unprocessable_entity", code: "bulk_action.invalid" };

describe("a body that cannot be read is refused, and nothing is written:", () => {
  const lines = randomIds(1_000).join("\n");

  test.each<[string, number, string, Uint8Array, string]>([
    ["a bomb", 413, "request.too_large", gzipSync(`${randomIds(1)[0]}\n`.repeat(200_000)), "gzip"],
    ["gzip that breaks off", 400, "request.malformed", gzipSync(lines).subarray(0, -100), "gzip"],
    ["no gzip", 400, "request.malformed", Buffer.from(lines), "gzip"],
    ["an unknown compression", 415, "request.unsupported_media_type", Buffer.from(lines), "zip"],
  ])("%s", async (_what, status, code, body, coding) => {
    await refused(status, code, body, { "content-type": CSV, "content-encoding": coding });
    await expectNothingStored();
  });

  test("another content type or charset", async () => {
    for (const type of [
      "text/plain",
      "application/ndjson",
      "text/csv; charset=latin1",
      "text/tab-separated-values",
    ])
      await refused(415, "request.unsupported_media_type", lines, { "content-type": type });
    const preview = await service.request(token, `${COLLECTION}/preview`, {
      ...{ method: "POST", headers: { "content-type": CSV }, body: lines },
    });
    expect(preview.status).toBe(415);
  });

  test("one that breaks off", async () => {
    const connection = await openRaw(service.url);
    await connection.write(uploadHead({ "content-length": 100 + lines.length }));
    await connection.write(lines);
    await eventually(() => expectUploading(service, 1));
    connection.reset();
    await connection[Symbol.asyncDispose]();
    await eventually(() => expectUploading(service, 0));
    await expectNothingStored();
  });

  test.each(["identity", "gzip", "deflate", "br"])(
    "one of coding %s whose connection is gone before it is read",
    async (coding) => {
      const lock = await lockTables(service.database, ["bulk.bulk_actions"]);
      const connection = await openRaw(service.url);
      await connection.write(uploadHead({ "content-length": 1_000, "content-encoding": coding }));
      await connection.write("rubbish");
      await eventually(async () => {
        expect(
          await service.database.query(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
          ),
        ).toHaveLength(1);
      });
      connection.reset();
      await connection[Symbol.asyncDispose]();
      // Each request of the API comes later than the end of that connection.
      await service.request(token, COLLECTION.replace("bulk_actions", "webhook_endpoints"));
      await lock[Symbol.asyncDispose]();
      await eventually(() => expectUploading(service, 0));
      // The account's place is free a moment later than the transaction has ended.
      await eventually(() => created(lines, { "content-type": CSV }));
    },
  );

  test("one that stops coming, or comes too slowly", async () => {
    const timeouts = { ...API_TIMEOUTS, uploadStepMs: 300 };
    await using api = await openAnotherApi(service, {}, timeouts);
    await using connection = await openRaw(api.url);
    await connection.write(uploadHead({ "content-length": 100 + lines.length }));
    await connection.write(lines);
    expectRefusal(parseAnswer(await connection.untilClosed()), TOO_SLOW);
    await eventually(() => expectUploading(service, 0));
    await expectNothingStored();
  });

  test("one that does not end in time", async () => {
    const timeouts = { ...API_TIMEOUTS, uploadMs: 500, uploadStepMs: 100 };
    await using api = await openAnotherApi(service, {}, timeouts);
    await using connection = await openRaw(api.url);
    await connection.write(uploadHead({ "content-length": 1_000_000_000 }));
    const piece = `${randomIds(4_000).join("\n")}\n`;
    await eventually(async () => {
      await connection.write(piece);
      expect(connection.isCut()).toBe(true);
    }, 60_000);
    await eventually(() => expectUploading(service, 0));
    await expectNothingStored();
  });
});

const TOO_SLOW = { status: 408, httpStatus: "request_timeout", code: "request.timeout" };

test("nothing of an upload is left when the API is killed", async () => {
  await using stack = await openTestStack("postgres");
  const shop = await stack.fillShop({});
  await using connection = await openRaw(stack.url);
  const headers = { ...bearer(shop.token), "content-type": CSV, "content-length": 100_000_000 };
  await connection.write(requestHead(`POST ${UPLOAD}`, headers));
  await connection.write(randomIds(200_000).join("\n"));
  await eventually(async () => {
    const [session] = await stack.database.query(
      "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%INSERT INTO bulk.bulk_action_chunks%'",
    );
    expect(session).toBeDefined();
  });

  stack.api.kill("SIGKILL");
  await stack.api.exited();

  await eventually(() => expectUploading(stack, 0));
  expect(await stack.database.query("SELECT 1 FROM bulk.bulk_actions")).toEqual([]);
  expect(await stack.database.query("SELECT 1 FROM bulk.bulk_action_chunks")).toEqual([]);
  await using _api = await stack.restartApi();
  const response = await stack.request(shop.token, UPLOAD, {
    ...{ method: "POST", headers: { "content-type": CSV }, body: randomIds(3).join("\n") },
  });
  expect(response.status).toBe(200);
});

describe("while an upload arrives", () => {
  test("nobody sees it, its account may not send another, and others may", async () => {
    await using own = await openTestService();
    const shop = await own.fillShop({});
    const other = await own.fillShop({}, "other");
    const [first = "", second = ""] = randomIds(2);
    await using connection = await openRaw(own.url);
    const headers = { ...bearer(shop.token), "content-type": CSV, "content-length": 73 };
    await connection.write(requestHead(`POST ${UPLOAD}`, headers));
    await connection.write(`${first}\n`);
    await eventually(() => expectUploading(own, 1));

    const listed = await own.request(shop.token, COLLECTION);
    expect(await listed.json()).toMatchObject({ pagination: { count: 0 }, data: [] });
    const send = (by: string) =>
      own.request(by, UPLOAD, { method: "POST", headers: { "content-type": CSV }, body: first });
    const second429 = await send(shop.token);
    expect(second429.status).toBe(429);
    expect(second429.headers.get("retry-after")).toBe("10");
    expect(await second429.json()).toMatchObject({ code: "bulk_action.upload_under_way" });
    expect((await send(other.token)).status).toBe(200);

    await connection.write(second);
    const answer = parseAnswer(await connection.untilClosed());
    expect(JSON.parse(answer.body)).toMatchObject({ record_ids: [first, second] });
    expect((await send(shop.token)).status).toBe(200);
  });

  test("a process takes three, and says that it is busy", async () => {
    await using own = await openTestService();
    const connections = await Promise.all(
      ["a", "b", "c"].map(async (account) => {
        const shop = await own.fillShop({}, account);
        const connection = await openRaw(own.url);
        const headers = { ...bearer(shop.token), "content-type": CSV, "content-length": 100 };
        await connection.write(`${requestHead(`POST ${UPLOAD}`, headers)}${randomIds(1)[0]}\n`);
        return connection;
      }),
    );
    await eventually(() => expectUploading(own, 3));
    const { token: fourth } = await own.fillShop({}, "d");
    const response = await own.request(fourth, UPLOAD, {
      ...{ method: "POST", headers: { "content-type": CSV }, body: randomIds(1)[0] ?? "" },
    });
    expect([response.status, ((await response.json()) as WireError).code]).toEqual([503, "service.busy"]);
    for (const connection of connections) await connection[Symbol.asyncDispose]();
    await eventually(() => expectUploading(own, 0));
  });
});

describe("what can be refused before the ids are read is refused before", () => {
  test.each<[string, string, Headers, number]>([
    ["an unknown token", UPLOAD, { authorization: "Bearer nobody" }, 401],
    ["an unknown action type", `${COLLECTION}?action_type=delete_everything`, {}, 422],
    ["no action type", COLLECTION, {}, 422],
    ["an unknown parameter", `${UPLOAD}&dry_run=true`, {}, 422],
    ["an unknown parameter without a value", `${UPLOAD}&dry_run`, {}, 422],
    ["a wrong value", `${UPLOAD}&restorable=no`, {}, 422],
    ["no value", `${UPLOAD}&restorable=`, {}, 422],
    ["two values", `${UPLOAD}&restorable=true&restorable=false`, {}, 422],
    ["two action types", `${UPLOAD}&action_type=archive_products`, {}, 422],
    ["a list of action types", `${UPLOAD}&action_type[]=archive_products`, {}, 422],
    ["a malformed key", UPLOAD, { "idempotency-key": "ä" }, 400],
    ["a count that is too great", UPLOAD, { "bulk-expected-count": 999_999_999 }, 422],
    ["an unknown compression", UPLOAD, { "content-encoding": "zip" }, 415],
  ])("%s", async (_what, target, headers, status) => {
    const head = requestHead(`POST ${target}`, {
      ...{ ...bearer(token), "content-type": CSV, "content-length": 1_000, expect: "100-continue" },
      ...headers,
    });
    await using connection = await openRaw(service.url);
    await connection.write(head);
    const text = await connection.untilClosed();
    expect(text).not.toContain("100 Continue");
    expect(parseAnswer(text).status).toBe(status);
    await expectNothingStored();
  });

  test("an account with too many open bulk actions", async () => {
    await using api = await openAnotherApi(service, { MAX_OPEN_ACTIONS: "1" });
    await created(randomIds(1).join("\n"), { "content-type": CSV });
    const head = uploadHead({ "content-length": 1_000, expect: "100-continue" });
    await using connection = await openRaw(api.url);
    await connection.write(head);
    const text = await connection.untilClosed();
    expect(text).not.toContain("100 Continue");
    expect(parseAnswer(text).status).toBe(429);
    await expectStored(1);
  });

  test("attributes of a file beside a body that has its own", async () => {
    for (const query of ["action_type=delete_products", "restorable=false"]) {
      const response = await service.request(token, `${COLLECTION}?${query}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(1) } }),
      });
      expect(response.status).toBe(422);
    }
    await expectNothingStored();
  });

  test("an announced count of a body that is no file, which nothing would compare", async () => {
    const response = await service.request(token, COLLECTION, {
      method: "POST",
      headers: { "content-type": "application/json", "bulk-expected-count": "1" },
      body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(2) } }),
    });
    expect(response.status).toBe(400);
    await expectNothingStored();
  });
});

describe("an uploaded bulk action", () => {
  test("is continued, runs, is retried and restored like any other", async () => {
    await using own = await openTestService({ CHUNK_SIZE: "7" });
    const shop = await own.fillShop({ products: 40, inUse: 4 });
    const other = await own.fillShop({ products: 3 }, "other");
    const body = [...shop.productIds, ...other.productIds, ...shop.productIds].join("\n");
    const send = (query = "", headers = {}) =>
      own.request(shop.token, `${UPLOAD}${query}`, {
        ...{ method: "POST", headers: { "content-type": CSV, ...headers }, body },
      });
    const canceled = (await (await send()).json()) as WireAction;
    await own.request(shop.token, `${COLLECTION}/${canceled.id}/cancel`, { method: "POST" });
    expect(await own.retrieve(shop.token, canceled.id)).toMatchObject({ status: "completed" });
    const retry = await own.request(shop.token, `${COLLECTION}/${canceled.id}/retry`, { method: "POST" });
    const { id } = (await retry.json()) as WireAction;
    await own.startWorker();
    expect(await own.finished(shop.token, id)).toMatchObject({
      status: "completed",
      record_ids: [...shop.productIds, ...other.productIds],
      skipped_record_ids: [...shop.inUseProductIds, ...other.productIds],
    });
    const restore = await own.request(shop.token, `${COLLECTION}/${id}/restore`, { method: "POST" });
    const restored = (await restore.json()) as WireAction;
    expect(await own.finished(shop.token, restored.id)).toMatchObject({ status: "succeeded" });

    const unkept = await send("&restorable=false&expand[]=details&fields=status", { prefer: "wait=30" });
    expect(await unkept.json()).toMatchObject({
      ...{ status: "completed", details: { restorable_until: null, deleted: 36, skipped: 7, total: 43 } },
    });
  });

  test("is created once for a key, and the key stands for these ids in this order", async () => {
    const ids = randomIds(2_000);
    const send = (body: string, type: string = CSV) =>
      service.request(token, `${UPLOAD}&fields=id`, {
        ...{ method: "POST", headers: { "content-type": type, "idempotency-key": "file" }, body },
      });
    const first = await send(ids.join("\n"));
    const { id } = (await first.json()) as WireAction;
    const again = await send(`id\r\n${ids.join("\r\n").toUpperCase()}`);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.json()).toMatchObject({ id });
    const asLines = await send(ids.map((each) => JSON.stringify(each)).join("\n"), NDJSON);
    expect(await asLines.json()).toMatchObject({ id });
    const other = await send(ids.toReversed().join("\n"));
    expect([other.status, ((await other.json()) as WireError).code]).toEqual([422, "idempotency_key.reused"]);
    await expectStored(1);
  });

  test("is created once for two at once with one key", async () => {
    await using api = await openAnotherApi(service);
    const body = randomIds(60_000).join("\n");
    const head = uploadHead({ "content-length": body.length, "idempotency-key": "twice" });
    const answers = await Promise.all([service.url, api.url].map((url) => sendRaw(url, head, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(answers.map((answer) => JSON.parse(answer.body).id)).size).toBe(1);
    await expectStored(1);
  });

  test("has the time of its commit, and its token", async () => {
    const before = Math.floor(Date.now() / 1_000);
    await using connection = await openRaw(service.url);
    const [one = "", two = ""] = randomIds(2);
    await connection.write(`${uploadHead({ "content-length": 73 })}${one}\n`);
    await eventually(() => {
      if (Date.now() / 1_000 < before + 2) throw new Error("Not yet two seconds later.");
      return Promise.resolve();
    });
    await connection.write(two);
    const { created_at: createdAt, id } = JSON.parse(parseAnswer(await connection.untilClosed()).body);
    expect(createdAt).toBeGreaterThanOrEqual(before + 2);
    const [row] = await service.database.query<{ token: string | null }>(
      "SELECT created_by_token_id AS token FROM bulk.bulk_actions WHERE id = $1",
      [id],
    );
    expect(row?.token).toEqual(expect.any(String));
  });
});

function uploadHead(headers: Headers): string {
  return requestHead(`POST ${UPLOAD}`, { ...bearer(token), "content-type": CSV, ...headers });
}

function send(body: string | Uint8Array, headers: Readonly<Record<string, string>>): Promise<Response> {
  return service.request(token, UPLOAD, { method: "POST", headers, body: Buffer.from(body) });
}

async function created(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<WireAction> {
  const response = await send(body, headers);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as WireAction;
}

async function refused(
  status: number,
  code: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<WireError> {
  const response = await send(body, headers);
  const error = (await response.json()) as WireError;
  expect([response.status, error.code], error.message).toEqual([status, code]);
  return error;
}

async function readIds(id: string): Promise<readonly string[]> {
  const response = await service.request(token, `${COLLECTION}/${id}/records`, {
    headers: { accept: NDJSON },
  });
  const lines = (await response.text()).trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { readonly record_id: string }).record_id);
}

async function expectNothingStored(): Promise<void> {
  for (const table of ["bulk_actions", "bulk_action_chunks"])
    expect(await service.database.query(`SELECT 1 FROM bulk.${table}`)).toEqual([]);
}

/** So many transactions of uploads are open. */
async function expectUploading({ database }: Pick<TestService, "database">, count: number): Promise<void> {
  const open = await database.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_xid IS NOT NULL",
  );
  expect(open).toHaveLength(count);
}

async function expectStored(count: number): Promise<void> {
  expect(await service.database.query("SELECT 1 FROM bulk.bulk_actions")).toHaveLength(count);
}
