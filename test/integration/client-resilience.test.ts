import { findFreePort } from "@bulk/local/stack/free-port";
import { createClient } from "bulk-actions-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

let service: TestService;
let token: string;
let productIds: readonly string[];

beforeEach(async () => {
  service = await openTestService();
  ({ token, productIds } = await service.fillShop({ products: 2_000 }));
});

afterEach(() => service[Symbol.asyncDispose]());

/** A `fetch` whose answers go through `change`, as if something on the way did it; `count` is 1 for the first of its path. */
function fetchVia(change: (response: Response, path: string, count: number) => Response): typeof send {
  const counts = new Map<string, number>();
  async function send(url: string, request: RequestInit): Promise<Response> {
    const { pathname } = new URL(url);
    const count = (counts.get(pathname) ?? 0) + 1;
    counts.set(pathname, count);
    return change(await fetch(url, request), pathname, count);
  }
  return send;
}

test("a create whose answer is lost is sent again and creates one bulk action", async () => {
  const lossy = fetchVia((response, path, count) => {
    if (path === "/v1/bulk_actions" && count === 1) throw new TypeError("The connection is gone.");
    return response;
  });
  const { bulkActions } = createClient({ url: service.url, token, fetch: lossy });
  const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: productIds });
  const again = createClient({ url: service.url, token });
  expect((await again.bulkActions.list()).data.map((each) => each.id)).toEqual([id]);
});

test("a request that is refused for its rate is sent again when Retry-After says", async () => {
  await using api = await openAnotherApi(service, { RATE_LIMIT: "1/1" });
  let refused = 0;
  const counting = fetchVia((response) => {
    if (response.status === 429) refused += 1;
    return response;
  });
  const { bulkActions } = createClient({ url: api.url, token, fetch: counting });
  for (const _ of [1, 2, 3]) await bulkActions.list();
  expect(refused).toBeGreaterThan(0);
  // A client that does not wait makes more.
  expect(refused).toBeLessThan(10);
});

test("waiting survives that the API goes away and comes back", async () => {
  const PORT = String(await findFreePort(0));
  let api = await openAnotherApi(service, { PORT });
  const { bulkActions } = createClient({ url: api.url, token });
  const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: productIds });
  const followed = Promise.withResolvers<void>();
  const ended = bulkActions.wait(id, { onProgress: () => followed.resolve() });
  await followed.promise;
  await api[Symbol.asyncDispose]();
  api = await openAnotherApi(service, { PORT });
  try {
    await service.startWorker();
    expect(await ended).toMatchObject({ status: "succeeded", details: { deleted: 2_000 } });
  } finally {
    await api[Symbol.asyncDispose]();
  }
});

test("waiting gives up when the API stays away for longer than allowed", async () => {
  const api = await openAnotherApi(service);
  const { bulkActions } = createClient({ url: api.url, token, maxRetries: 0 });
  const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: productIds });
  await api[Symbol.asyncDispose]();
  await expect(bulkActions.wait(id, { unreachableMs: 0 })).rejects.toThrow("was not answered");
});

test("waiting polls where events do not come through", async () => {
  const blocked = fetchVia((response, path) => {
    if (path.endsWith("/events")) throw new TypeError("A proxy closed the connection.");
    return response;
  });
  const { bulkActions } = createClient({ url: service.url, token, fetch: blocked });
  const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: productIds });
  const followed = Promise.withResolvers<void>();
  const ended = bulkActions.wait(id, { onProgress: () => followed.resolve() });
  await followed.promise;
  await service.startWorker();
  expect(await ended).toMatchObject({ status: "succeeded" });
});

test("records are read once each though their stream breaks", async () => {
  await service.startWorker();
  const breaking = fetchVia((response, path, count) => {
    if (!path.endsWith("/records") || count > 2) return response;
    return new Response(breakAfter(response, 1_000 * count), response);
  });
  const { bulkActions } = createClient({ url: service.url, token, fetch: breaking });
  const { id } = await bulkActions.create({ action_type: "delete_products", record_ids: productIds });
  await bulkActions.wait(id);
  const records = await Array.fromAsync(bulkActions.records(id));
  expect(records.map(({ record_id }) => record_id)).toEqual(productIds);
});

/** The first bytes of a body; then its connection breaks. */
function breakAfter({ body }: Response, bytes: number): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  let left = bytes;
  return new ReadableStream({
    async pull(controller) {
      const piece = left > 0 ? (await reader?.read())?.value : undefined;
      if (piece === undefined) {
        await reader?.cancel();
        controller.error(new TypeError("terminated"));
      } else {
        controller.enqueue(piece.subarray(0, left));
        left -= piece.length;
      }
    },
  });
}
