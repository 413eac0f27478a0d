import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { createClient, type WireAction } from "../support/client.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

// Answers about a bulk action with more ids than MAX_RECORD_IDS. Files and filters make such ones; here an API with a higher
// limit does.

type DetailedAction = WireAction & {
  readonly details: { readonly total: number; readonly records_url: string };
};

const MOST = 3;
const COLLECTION = "/v1/bulk_actions";

let service: TestService;
let api: Awaited<ReturnType<typeof openAnotherApi>>;
let token: string;

beforeAll(async () => {
  service = await openTestService({ CHUNK_SIZE: "2" });
  api = await openAnotherApi(service, { MAX_RECORD_IDS: String(MOST), CHUNK_SIZE: "2" });
  ({ token } = await service.fillShop({}));
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

describe("a bulk action with more ids than are listed", () => {
  test("has two empty arrays in every answer, its total, and the path of its records", async () => {
    const ids = randomIds(MOST + 1);
    const { id } = await service.submit(token, "delete_products", ids);
    const unlisted = { id, record_ids: [], skipped_record_ids: [] };
    const details = { total: ids.length, records_url: `${COLLECTION}/${id}/records` };

    expect(await read(`/${id}?expand[]=details`)).toMatchObject({ ...unlisted, details });
    expect(await read(`/${id}`, { headers: { prefer: "wait=1" } })).toMatchObject(unlisted);
    expect(await list(`?ids[]=${id}&expand[]=details`)).toMatchObject([{ ...unlisted, details }]);
    expect(Object.keys(await read(`/${id}`))).toHaveLength(8);
    expect(await read(`/${id}/cancel`, { method: "POST" })).toMatchObject(unlisted);
    expect(await read(`/${id}/purge`, { method: "POST" })).toMatchObject(unlisted);
    expect(await read(`/${id}/retry`, { method: "POST" })).toMatchObject({
      ...{ record_ids: [], skipped_record_ids: [], status: "pending" },
    });
    expect(await readRecordIds(details.records_url)).toEqual(ids);
  });

  test("has no skipped ids either, however many were skipped", async () => {
    await using own = await openTestService({ CHUNK_SIZE: "2" });
    const shop = await own.fillShop({ products: 3 });
    await own.startWorker();
    const { id } = await own.submit(shop.token, "delete_products", [...shop.productIds, ...randomIds(2)]);
    await own.finished(shop.token, id);
    await using other = await openAnotherApi(own, { MAX_RECORD_IDS: String(MOST) });
    const client = createClient(other.url);

    expect(await client.retrieve(shop.token, id)).toMatchObject({
      ...{ id, record_ids: [], skipped_record_ids: [], status: "succeeded" },
    });
    const restored = await client.request(shop.token, `${COLLECTION}/${id}/restore`, { method: "POST" });
    expect(((await restored.json()) as WireAction).record_ids).toEqual(shop.productIds);
  });

  test("stands in a list beside those whose ids are listed, in order", async () => {
    const short = await service.submit(token, "delete_products", randomIds(MOST));
    const long = await service.submit(token, "delete_products", randomIds(MOST + 1));
    const last = await service.submit(token, "delete_products", randomIds(1));

    const query = [short, long, last].map(({ id }) => `ids[]=${id}`).join("&");
    expect(await list(`?${query}`)).toEqual([last, { ...long, record_ids: [] }, short]);
  });

  test("that an idempotency key finds again is answered the same", async () => {
    const body = JSON.stringify({
      bulk_action: { action_type: "delete_products", record_ids: randomIds(MOST) },
    });
    const headers = { "content-type": "application/json", "idempotency-key": "large" };
    const first = await read("", { method: "POST", headers, body });
    await using small = await openAnotherApi(service, { MAX_RECORD_IDS: String(MOST) });
    await service.database.query("UPDATE bulk.bulk_actions SET record_count = $1 WHERE id = $2", [
      MOST + 1,
      first.id,
    ]);
    const again = await createClient(small.url).request(token, COLLECTION, { method: "POST", headers, body });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.json()).toMatchObject({ id: first.id, record_ids: [] });
  });
});

async function read(path: string, init?: RequestInit): Promise<DetailedAction> {
  const response = await createClient(api.url).request(token, `${COLLECTION}${path}`, init);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as DetailedAction;
}

async function list(query: string): Promise<readonly WireAction[]> {
  const response = await createClient(api.url).request(token, `${COLLECTION}${query}`);
  return ((await response.json()) as { readonly data: readonly WireAction[] }).data;
}

async function readRecordIds(url: string): Promise<readonly string[]> {
  const response = await createClient(api.url).request(token, url);
  const { data } = (await response.json()) as { readonly data: readonly { readonly record_id: string }[] };
  return data.map(({ record_id: id }) => id);
}
