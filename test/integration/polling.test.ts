import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { randomIds } from "../support/random-ids.ts";
import { bearer, requestHead, sendRaw } from "../support/raw-http.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;

// Each test has it anew: one of them starts a worker.
beforeEach(async () => {
  service = await openTestService();
  ({ token } = await service.fillShop({}));
});

afterEach(() => service[Symbol.asyncDispose]());

test("create says where the bulk action is and when to ask", async () => {
  const response = await service.request(token, "/v1/bulk_actions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ bulk_action: { action_type: "delete_products", record_ids: randomIds(3) } }),
  });
  const { id } = (await response.json()) as { id: string };
  expect(response.headers.get("location")).toBe(`/v1/bulk_actions/${id}`);
  expect(response.headers.get("retry-after")).toBe("1");
});

describe("a caller that has a copy", () => {
  test("is answered 304 without a body while nothing changes, and whole as soon as something does", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const pending = await get(id);
    expect(pending.headers.get("retry-after")).toBe("1");

    const same = await get(id, etagOf(pending));
    expect([same.status, await same.text()]).toEqual([304, ""]);
    expect(etagOf(same)).toBe(etagOf(pending));
    expect(same.headers.get("retry-after")).toBe("1");

    await skip(id, 1);
    const progressed = await get(id, etagOf(pending));
    expect(progressed.status).toBe(200);
    expect(await progressed.json()).toMatchObject({
      status: "pending",
      skipped_record_ids: [expect.any(String)],
    });

    await service.startWorker();
    await service.finished(token, id);
    const ended = await get(id, etagOf(progressed));
    expect(ended.status).toBe(200);
    expect(ended.headers.has("retry-after")).toBe(false);
    expect((await get(id, etagOf(ended))).status).toBe(304);
  });

  test.each([
    ["weakly", (etag: string) => `W/${etag}`, 304],
    ["in a list", (etag: string) => `"other", ${etag}`, 304],
    ["of anything", () => "*", 304],
    ["of another version", () => '"other"', 200],
    ["by nonsense", () => "other", 200],
  ])("may name it %s", async (_how, write, status) => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    expect((await get(id, write(etagOf(await get(id))))).status).toBe(status);
  });

  test("of anything that has no version is answered whole", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    // Raw: `fetch` would add a `Cache-Control` that hides the header from Express.
    const headers = { ...bearer(token), "if-none-match": "*" };
    const answer = await sendRaw(service.url, requestHead(`GET /v1/bulk_actions/${id}/records`, headers));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ pagination: { count: 3 } });
  });

  test("of another account's bulk action, or of none, is told that there is none", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    const etag = etagOf(await get(id));
    const other = await service.fillShop({}, "another");
    for (const response of [await get(id, etag, other.token), await get(randomUUID(), "*")]) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "bulk_action.not_found" });
    }
  });
});

function get(id: string, ifNoneMatch?: string, caller = token): Promise<Response> {
  const headers = ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch };
  return service.request(caller, `/v1/bulk_actions/${id}`, { headers });
}

function etagOf(response: Response): string {
  return String(response.headers.get("etag"));
}

// As a chunk does that skips some of its ids and has more to do.
async function skip(id: string, count: number): Promise<void> {
  await service.database.query(
    `UPDATE bulk.bulk_action_chunks SET done_count = $2, skipped_count = $2, skipped_ids = record_ids[:$2],
       skipped_codes = array_fill('record.not_found'::text, ARRAY[$2::int]) WHERE bulk_action_id = $1`,
    [id, count],
  );
}
