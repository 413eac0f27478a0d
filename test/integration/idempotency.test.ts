import { randomUUID } from "node:crypto";
import type { IdempotencyKey } from "@bulk/store/bulk-actions/idempotency";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import type { WireAction } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { randomIds } from "../support/random-ids.ts";
import { bearer, type Headers, type RawAnswer, requestHead, sendRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";
import { openTestStack } from "../support/test-stack.ts";
import { writeBulkAction } from "../support/write-bulk-action.ts";

const COLLECTION = "/v1/bulk_actions";
const REUSED = { status: 422, httpStatus: "unprocessable_entity", code: "idempotency_key.reused" };

const IN_PROGRESS = { status: 409, httpStatus: "conflict", code: "idempotency_key.in_progress" };

let service: TestService;
let accountId: string;
let token: string;

beforeAll(async () => {
  service = await openTestService();
  ({ accountId, token } = await service.fillShop({}));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("a request sent again with its key", () => {
  test("is answered with the bulk action as it is by now, and creates nothing", async () => {
    await using own = await openTestService();
    const { token: caller, productIds } = await own.fillShop({ products: 3, inUse: 1 });
    const send = () => create(randomKey, write(productIds), { url: own.url, caller });
    const randomKey = randomUUID();

    const first = await send();
    expect(first.headers).not.toHaveProperty("idempotent-replayed");
    const { id } = parse(first);
    const pending = await send();
    expect(pending).toMatchObject({ status: 200, body: first.body });
    expect(pending.headers).toMatchObject({
      "idempotent-replayed": "true",
      location: `${COLLECTION}/${id}`,
      "retry-after": "1",
    });

    await own.startWorker();
    const ended = await own.finished(caller, id);
    const replayed = await send();
    expect(parse(replayed)).toEqual(ended);
    expect(ended).toMatchObject({ status: "completed", skipped_record_ids: [productIds[0]] });
    expect(replayed.headers).not.toHaveProperty("retry-after");
    expect(await own.database.query("SELECT FROM bulk.bulk_actions")).toHaveLength(1);
  });

  const ids = ["0d6bb3a9-9d3a-4d4c-8a0e-0c3c5ab3a001", "0d6bb3a9-9d3a-4d4c-8a0e-0c3c5ab3a002"];
  const form = ids.map((id) => `&bulk_action%5Brecord_ids%5D%5B%5D=${id}`).join("");

  test.each([
    [
      "with its keys in another order",
      write(ids, ({ action_type, record_ids }) => ({ record_ids, action_type })),
    ],
    ["with other white space", JSON.stringify(JSON.parse(write(ids)), null, 3)],
    ["with its ids in upper case", write(ids.map((id) => id.toUpperCase()))],
    ["with an id twice", write([...ids, ...ids])],
    ["as a form", `bulk_action%5Baction_type%5D=delete_products${form}`],
  ])("is the same %s", async (_how, again) => {
    const key = randomUUID();
    const first = await create(key, write(ids));
    const contentType = again.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
    const second = await create(key, again, { headers: { "content-type": contentType } });
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers["idempotent-replayed"]).toBe("true");
  });

  test.each([
    ["other ids", write(ids.slice(1))],
    ["its ids in another order", write(ids.toReversed())],
    ["another action", write(ids, ({ record_ids }) => ({ action_type: "delete_customers", record_ids }))],
  ])("is refused with %s, and the key stays what it was", async (_what, other) => {
    const key = randomUUID();
    const first = await create(key, write(ids));
    expectRefusal(await create(key, other), REUSED);
    expect(await create(key, write(ids))).toMatchObject({ status: 200, body: first.body });
  });

  test("is told to wait while the first is under way, and is taken once that has come to nothing", async () => {
    const key = randomUUID();
    await using direct = openServiceDatabase(service.database.url);
    const first = direct.database.$transaction(
      async (transaction) => {
        await writeBulkAction(transaction, accountId, ids, keyOf(key));
        const answer = await create(key, write(ids));
        expectRefusal(answer, IN_PROGRESS);
        expect(answer.headers["retry-after"]).toBe("1");
        throw new Error("It comes to nothing.");
      },
      { timeout: 60_000 },
    );
    await expect(first).rejects.toThrow("It comes to nothing.");
    const second = await create(key, write(ids));
    expect(second.status).toBe(200);
    expect(second.headers).not.toHaveProperty("idempotent-replayed");
  });

  test("is not told so of a new key while its create waits for another lock", async () => {
    const key = randomUUID();
    await using lock = await lockRows(service.database, "bulk.accounts", [accountId]);
    const answer = await create(key, write(ids));
    expectRefusal(answer, { status: 503, httpStatus: "service_unavailable", code: "service.unavailable" });
    expect(answer.headers["retry-after"]).toBe("5");
    await lock.release();
    expect((await create(key, write(ids))).status).toBe(200);
    expect(await rowsOf(key)).toHaveLength(1);
  });

  test("creates one bulk action, however many are sent at once to however many APIs", async () => {
    await using another = await openAnotherApi(service);
    const key = randomUUID();
    const body = write(randomIds(5_000));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => create(key, body, { url: n % 2 ? another.url : service.url })),
    );
    const good = answers.filter(({ status }) => status === 200);
    const early = answers.filter(({ status }) => status !== 200);
    for (const answer of early) {
      expectRefusal(answer, IN_PROGRESS);
    }
    expect(new Set(good.map((answer) => parse(answer).id)).size).toBe(1);
    expect(good.filter(({ headers }) => headers["idempotent-replayed"] === undefined)).toHaveLength(1);
    expect(await rowsOf(key)).toHaveLength(1);
  });

  test("creates one bulk action although the API died before it could answer", async () => {
    await using stack = await openTestStack(inject("queueEngine"));
    const { token: caller } = await stack.fillShop({});
    const send = () => create("once", write(ids), { url: stack.url, caller });
    const locker = new pg.Client({ connectionString: stack.database.url });
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE bulk.bulk_action_chunks");
    const cutOff = expect(send()).rejects.toThrow("Not an HTTP answer");
    await eventually(async () => {
      const waiting = await stack.database.query(
        // The worker may look at the table, too.
        `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE NOT granted AND relation = 'bulk.bulk_action_chunks'::regclass AND application_name = 'bulk-actions-api'`,
      );
      expect(waiting).toHaveLength(1);
    });
    stack.api.kill("SIGKILL");
    await stack.api.exited();
    await locker.end();
    await cutOff;

    await using _api = await stack.restartApi();
    const second = await send();
    expect(second.status).toBe(200);
    expect((await send()).body).toBe(second.body);
    expect(await stack.database.query("SELECT FROM bulk.bulk_actions")).toHaveLength(1);
  });
});

describe("a key", () => {
  test.each([
    ["nothing", ""],
    ["more than 255 characters", "a".repeat(256)],
    ["a letter beyond ASCII", "clé"],
    ["a tab", "a\tb"],
  ])("is refused when it is %s", async (_what, key) => {
    expectRefusal(await create(key, write(randomIds(1))), {
      status: 400,
      httpStatus: "bad_request",
      code: "idempotency_key.invalid",
    });
    expect(await rowsOf(key)).toEqual([]);
  });

  test("may be 255 characters, spaces and quotes among them", async () => {
    const key = `"${"a b~!".repeat(50)}123"`;
    const body = write(randomIds(1));
    expect(key).toHaveLength(255);
    const first = await create(key, body);
    expect(await create(key, body)).toMatchObject({ status: 200, body: first.body });
  });

  test("of another account is another key", async () => {
    const key = randomUUID();
    const body = write(randomIds(1));
    const other = await service.fillShop({}, "another");
    const [mine, theirs] = [await create(key, body), await create(key, body, { caller: other.token })];
    expect(theirs.status).toBe(200);
    expect(parse(theirs).id).not.toBe(parse(mine).id);
    expect(parse(await create(key, body, { caller: other.token })).id).toBe(parse(theirs).id);
  });

  test("of another token of the account is the same key", async () => {
    const key = randomUUID();
    const body = write(randomIds(1));
    const first = await create(key, body);
    const second = await service.fillShop({});
    expect(await create(key, body, { caller: second.token })).toMatchObject({
      status: 200,
      body: first.body,
    });
  });

  test("sent to another path is another key", async () => {
    const key = randomUUID();
    const { id } = parse(await create(key, write(randomIds(1))));
    await service.database.query(
      "UPDATE bulk.bulk_actions SET idempotency_path = '/v1/elsewhere' WHERE id = $1",
      [id],
    );
    const answer = await create(key, write(randomIds(1)));
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty("idempotent-replayed");
  });

  test("of a request that was refused is still free", async () => {
    const key = randomUUID();
    for (const refused of [write(["no uuid"]), "{}", '{"bulk_action":']) {
      expect((await create(key, refused)).status).toBeGreaterThanOrEqual(400);
    }
    const answer = await create(key, write(randomIds(1)));
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty("idempotent-replayed");
  });

  test("is kept as long as its bulk action", async () => {
    const key = randomUUID();
    const body = write(randomIds(1));
    const { id } = parse(await create(key, body));
    await service.database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [id]);
    const answer = await create(key, body);
    expect(answer.status).toBe(200);
    expect(parse(answer).id).not.toBe(id);
  });
});

test("without a key the same request again is a new one", async () => {
  const body = write(randomIds(1));
  const answers = await Promise.all(Array.from({ length: 20 }, () => create(undefined, body)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  expect(new Set(answers.map((answer) => parse(answer).id)).size).toBe(20);
});

type Attributes = { readonly action_type: string; readonly record_ids: readonly string[] };

function write(
  recordIds: readonly string[],
  change = (attributes: Attributes): unknown => attributes,
): string {
  return JSON.stringify({ bulk_action: change({ action_type: "delete_products", record_ids: recordIds }) });
}

type Sending = { readonly url?: string; readonly caller?: string; readonly headers?: Headers };

function create(
  key: string | undefined,
  body: string,
  { url = service.url, caller = token, headers = {} }: Sending = {},
): Promise<RawAnswer> {
  const head = requestHead(`POST ${COLLECTION}`, {
    ...bearer(caller),
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(key === undefined ? {} : { "Idempotency-Key": key }),
    ...headers,
  });
  return sendRaw(url, head, body);
}

function parse({ status, body }: RawAnswer): WireAction {
  expect(status, body).toBe(200);
  return JSON.parse(body) as WireAction;
}

function rowsOf(key: string) {
  return service.database.query("SELECT FROM bulk.bulk_actions WHERE idempotency_key = $1", [key]);
}

/** The key as the store knows it, of a request that means something else than any here. */
function keyOf(key: string): IdempotencyKey {
  return { path: COLLECTION, key, fingerprint: Buffer.alloc(32) };
}
