import { type Client, createClient } from "bulk-actions-client";
import { BulkActionsError, ConnectionError, WaitTimeoutError } from "bulk-actions-client/errors";
import type { Progress } from "bulk-actions-client/types";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fetchDocumented } from "../support/documented.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;
let productIds: readonly string[];
let inUseProductIds: readonly string[];
let client: Client;

beforeEach(async () => {
  service = await openTestService();
  ({ token, productIds, inUseProductIds } = await service.fillShop({ products: 50, inUse: 5 }));
  client = createClient({ url: `${service.url}/`, token, fetch: fetchDocumented });
});

afterEach(() => service[Symbol.asyncDispose]());

describe("the client", () => {
  test("submits, waits, reads what became of each record, and takes it back", async () => {
    await service.startWorker();
    const { bulkActions } = client;
    const [gone = ""] = randomIds(1);
    const action = { action_type: "delete_products", record_ids: [...productIds, gone] };
    expect(await bulkActions.preview(action)).toMatchObject({ total: 51, applicable: 45, skipped: 6 });

    const { id, status } = await bulkActions.create(action);
    expect(status).toBe("pending");
    const seen: Progress[] = [];
    const ended = await bulkActions.wait(id, { onProgress: (progress) => seen.push(progress) });
    expect(ended).toMatchObject({ id, status: "completed", details: { deleted: 45, skipped: 6 } });
    expect(ended).not.toHaveProperty("record_ids");
    expect(seen.at(-1)).toMatchObject({ id, status: "completed", processed: 51 });

    const records = await Array.fromAsync(bulkActions.records(id));
    expect(records.map(({ record_id }) => record_id)).toEqual([...productIds, gone]);
    const skipped = await Array.fromAsync(bulkActions.records(id, { outcome: ["skipped"] }));
    expect(skipped.map(({ record_id, code }) => [record_id, code])).toEqual([
      ...inUseProductIds.map((each) => [each, "record.in_use"]),
      [gone, "record.not_found"],
    ]);

    const [first = ""] = productIds.filter((each) => !inUseProductIds.includes(each));
    expect(await bulkActions.previewRestore(id)).toMatchObject({ total: 45, applicable: 45 });
    const one = await bulkActions.restore(id, { recordIds: [first] });
    expect(await bulkActions.wait(one.id)).toMatchObject({ status: "succeeded", details: { restored: 1 } });
    const rest = await bulkActions.wait((await bulkActions.restore(id)).id);
    expect(rest).toMatchObject({
      action_type: "restore_products",
      details: { restored: 44, restore_of: id },
    });
  });

  test("cancels, retries, lists and purges", async () => {
    const { bulkActions } = client;
    const action = { action_type: "delete_products", record_ids: productIds };
    const { id } = await bulkActions.create(action);
    expect(await bulkActions.cancel(id)).toMatchObject({
      details: { outcome: "canceled", not_attempted: 50 },
    });
    const { id: retryId } = await bulkActions.retry(id);
    await service.startWorker();
    expect(await bulkActions.wait(retryId)).toMatchObject({ details: { retry_of: id, deleted: 45 } });
    expect(await bulkActions.purge(retryId)).toMatchObject({ details: { restorable_until: null } });

    const page = await bulkActions.list({
      ids: [id, retryId],
      status: ["completed"],
      sort: "created_at:asc",
    });
    expect(page.pagination).toMatchObject({ count: 2, page: 1 });
    expect(page.data.map((each) => each.id)).toEqual([id, retryId]);
    expect(await bulkActions.list({ action_type: "delete_customers" })).toMatchObject({ data: [] });
    expect(await bulkActions.retrieve(id)).toEqual(page.data[0]);
  });

  test("throws what the API says, with its code and its faults", async () => {
    const { bulkActions } = client;
    const [unknown = ""] = randomIds(1);
    await expect(bulkActions.retrieve(unknown)).rejects.toThrow(BulkActionsError);
    await expect(bulkActions.wait(unknown)).rejects.toMatchObject({
      ...{ code: "bulk_action.not_found", status: 404, validationErrors: [] },
      requestId: expect.any(String),
    });
    await expect(bulkActions.create({ action_type: "delete_all", record_ids: [] })).rejects.toMatchObject({
      code: "bulk_action.invalid",
      validationErrors: [
        { code: "bulk_action.action_type.inclusion" },
        { code: "bulk_action.record_ids.blank" },
      ],
    });
    const stranger = createClient({ url: service.url, token: "nobody" });
    await expect(stranger.bulkActions.list()).rejects.toMatchObject({ code: "unauthorized" });
    await expect(Array.fromAsync(bulkActions.records(unknown))).rejects.toMatchObject({ status: 404 });
  });

  test("sends an id only as an id", async () => {
    for (const id of ["", ".", ".."]) {
      await expect(client.bulkActions.cancel(id)).rejects.toThrow(TypeError);
    }
    await expect(client.bulkActions.cancel("../../../health?a=b#c")).rejects.toMatchObject({ status: 404 });
  });

  test("stops waiting when the time is up or the caller no longer wants to", async () => {
    const { id } = await client.bulkActions.create({
      action_type: "delete_products",
      record_ids: productIds,
    });
    await expect(client.bulkActions.wait(id, { timeoutMs: 1 })).rejects.toThrow(WaitTimeoutError);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    await expect(client.bulkActions.wait(id, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
    await expect(client.bulkActions.retrieve(id, { signal: stop.signal })).rejects.toThrow("enough");
  });

  test("says that there is no API where there is none", async () => {
    const { bulkActions } = createClient({ url: service.opsUrl, token, maxRetries: 0 });
    await expect(bulkActions.list()).rejects.toThrow(ConnectionError);
    expect(() => createClient({ url: service.url, token: "secret\n" })).toThrow(/^The token is empty or has/);
    expect(() => createClient({ url: "ftp://shop.example", token })).toThrow(TypeError);
  });
});
