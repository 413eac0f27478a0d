import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const COLLECTION = "/v1/bulk_actions";
const SHORT = "fields=id,status,created_at,updated_at";

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await openTestService({ MAX_OPEN_ACTIONS: "100" });
  ({ token } = await service.fillShop({}));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("fields", () => {
  test("leave the other keys out of create, retrieve, list, cancel and retry, in the usual order", async () => {
    const created = await read(await post(newAction(), `?${SHORT}`));
    const { id, object, status, created_at, updated_at } = await service.retrieve(
      token,
      String(created["id"]),
    );
    const short = { id, object, status, created_at, updated_at };

    expect(JSON.stringify(created)).toBe(JSON.stringify(short));
    expect(await get(`/${id}?${SHORT}`)).toStrictEqual(short);
    expect(await get(`/${id}?fields=updated_at,status,created_at&fields[]=status`)).toStrictEqual(short);
    expect(await get(`?ids[]=${id}&${SHORT}`)).toMatchObject({ data: [short] });
    const canceled = await read(await post({}, `/${id}/cancel?${SHORT}`));
    expect(Object.keys(canceled)).toEqual(Object.keys(short));
    expect(canceled).toMatchObject({ id, status: "completed" });
    const retried = await read(await post({}, `/${id}/retry?${SHORT}`));
    expect(Object.keys(retried)).toEqual(Object.keys(short));
  });

  test("can name the ids, and stand beside details", async () => {
    const body = newAction();
    const { id } = await read(await post(body, ""));
    const expected = { id, object: "bulk_action", record_ids: body.bulk_action.record_ids };

    expect(await get(`/${id}?fields=record_ids`)).toStrictEqual(expected);
    expect(await get(`/${id}?fields=skipped_record_ids`)).toStrictEqual({
      ...{ id, object: "bulk_action", skipped_record_ids: [] },
    });
    const { details, ...rest } = await get(`/${id}?fields=id&expand[]=details`);
    expect(rest).toStrictEqual({ id, object: "bulk_action" });
    expect(details).toMatchObject({ total: 3, processed: 0 });
  });

  test("that are empty are all eight", async () => {
    const created = await service.submit(token, "delete_products", randomIds(2));
    const text = await (await service.request(token, `${COLLECTION}/${created.id}?fields=`)).text();
    expect(text).toBe(JSON.stringify(created));
  });

  test("make a waiting answer and a replayed one short as well", async () => {
    const key = { "idempotency-key": "short" };
    const body = newAction();
    const { id } = await read(await post(body, "", key));
    await post({}, `/${id}/cancel`);

    const replayed = await read(await post(body, "?fields=status", { ...key, prefer: "wait=30" }));
    expect(replayed).toStrictEqual({ id, object: "bulk_action", status: "completed" });
    const waited = await service.request(token, `${COLLECTION}/${id}?fields=status`, {
      headers: { prefer: "wait=30" },
    });
    expect(waited.headers.get("preference-applied")).toBe("wait=30");
    expect(await waited.json()).toStrictEqual(replayed);
  });

  test("have an ETag of their own, which names that representation alone", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(2));
    const paths = ["", "?fields=status", "?fields=id", "?expand[]=details", "?fields=id&expand[]=details"];
    const etags = await Promise.all(
      paths.map(async (path) => String((await ask(id, path)).headers.get("etag"))),
    );

    expect(new Set(etags).size).toBe(paths.length);
    for (const [index, path] of paths.entries())
      for (const etag of etags) {
        const { status } = await ask(id, path, { "if-none-match": etag });
        expect(status, `${path} ${etag}`).toBe(etag === etags[index] ? 304 : 200);
      }
  });

  test.each([
    ["ids", "inclusion"],
    ["id,details", "inclusion"],
    ["ID", "inclusion"],
    ["id, status", "inclusion"],
    ["id,", "blank"],
  ])("of unknown names are refused: %s", async (fields, type) => {
    const before = await get("?limit=1");
    const { id } = await service.submit(token, "delete_products", randomIds(1));
    for (const response of [
      await ask(id, `?fields=${fields}`),
      await service.request(token, `${COLLECTION}?fields=${fields}`),
      await post(newAction(), `?fields=${fields}`),
      await post({}, `/${id}/cancel?fields=${fields}`),
      await post({}, `/${id}/retry?fields=${fields}`),
    ]) {
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        code: "bulk_action.invalid",
        validation_errors: [{ attribute: "fields", code: `bulk_action.fields.${type}` }],
      });
    }
    expect(countOf(await get("?limit=1"))).toBe(countOf(before) + 1);
  });

  test("without ids read none from the database", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(2));
    await post({}, `/${id}/cancel`);
    const ask = [`/${id}?${SHORT}&expand[]=details`, `?${SHORT}&expand[]=details`, `/${id}?fields=status`];
    const { database } = service;
    await database.query("ALTER TABLE bulk.bulk_action_chunks RENAME COLUMN record_ids TO hidden_ids");
    try {
      for (const path of ask)
        expect((await service.request(token, COLLECTION + path)).status, path).toBe(200);
      expect((await post({}, `/${id}/cancel?${SHORT}`)).status).toBe(200);
      expect((await service.request(token, `${COLLECTION}/${id}`)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await database.query("ALTER TABLE bulk.bulk_action_chunks RENAME COLUMN hidden_ids TO record_ids");
    }
  });

  test("keep the answers about 100,000 ids to a few hundred bytes", async () => {
    const recordIds = randomIds(100_000);
    const body = { bulk_action: { action_type: "delete_products", record_ids: recordIds } };
    const create = await post(body, `?${SHORT}`);
    const text = await create.text();
    const { id } = JSON.parse(text) as WireAction;
    const answers = [
      text,
      await (await ask(id, `?${SHORT}`)).text(),
      await (await service.request(token, `${COLLECTION}?ids[]=${id}&${SHORT}`)).text(),
      await (await post({}, `/${id}/cancel?${SHORT}`)).text(),
      await (await post({}, `/${id}/retry?${SHORT}`)).text(),
    ];
    for (const answer of answers) expect(answer.length).toBeLessThan(500);
  });
});

function newAction() {
  return { bulk_action: { action_type: "delete_products", record_ids: randomIds(3) } };
}

function post(body: object, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return service.request(token, `${COLLECTION}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function ask(id: string, query: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return service.request(token, `${COLLECTION}/${id}${query}`, { headers });
}

async function get(path: string): Promise<Readonly<Record<string, unknown>>> {
  return await read(await service.request(token, `${COLLECTION}${path}`));
}

async function read(response: Response): Promise<Readonly<Record<string, unknown>>> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

function countOf(list: Readonly<Record<string, unknown>>): number {
  return (list as { pagination: { count: number } }).pagination.count;
}
