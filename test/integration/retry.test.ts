import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import type { WireAction } from "../support/client.ts";
import { mintToken } from "../support/mint-token.ts";
import { randomIds } from "../support/random-ids.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

describe("a retry", () => {
  test("takes up what failed and what a cancel left, in their order, and finishes it", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "4" });
    const { token, productIds, inUseProductIds } = await service.fillShop({ products: 20, inUse: 1 });
    const recordIds = [...productIds.slice(1), ...inUseProductIds];
    const parent = await service.submit(token, "delete_products", recordIds);
    const [failed, left] = await endWithFailures(service, parent);
    await service.startWorker();

    const response = await retry(service, token, parent.id);
    expect(response.headers.get("location")).toMatch(/^\/v1\/bulk_actions\//);
    expect(response.headers.get("retry-after")).toBe("1");
    const created = await readAction(response);

    expect(response.headers.get("location")).toBe(`/v1/bulk_actions/${created.id}`);
    expect(created).toStrictEqual({
      ...parent,
      id: expect.not.stringMatching(parent.id),
      record_ids: [...failed, ...left],
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
    });
    expect(await service.finished(token, created.id)).toMatchObject({
      status: "completed",
      record_ids: [...failed, ...left],
      skipped_record_ids: inUseProductIds,
    });
    expect(await service.retrieve(token, parent.id)).toMatchObject({
      status: "completed",
      record_ids: recordIds,
    });
    expect(await readOrigin(service, created.id)).toEqual({ retryOf: parent.id, createdBy: "test" });
  });

  test("of a canceled bulk action does the rest", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "3" });
    const { token, productIds } = await service.fillShop({ products: 10 });
    const parent = await service.submit(token, "delete_products", productIds);
    await service.request(token, `/v1/bulk_actions/${parent.id}/cancel`, { method: "POST" });
    await service.startWorker();

    const { id, record_ids } = await readAction(await retry(service, token, parent.id));

    expect(record_ids).toEqual(productIds);
    expect(await service.finished(token, id)).toMatchObject({ status: "succeeded", skipped_record_ids: [] });
    expect(await service.database.query("SELECT FROM products")).toEqual([]);
  });

  test("may be asked for again when the one before has ended, and of a retry", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const parent = await service.submit(token, "delete_products", randomIds(3));
    await endUntouched(service);
    const first = await readAction(await retry(service, token, parent.id));
    await endUntouched(service);

    const second = await readAction(await retry(service, token, parent.id));
    await endUntouched(service);
    const third = await readAction(await retry(service, token, first.id));

    expect([first, second, third].map((action) => action.record_ids)).toEqual(
      Array(3).fill(parent.record_ids),
    );
    expect(await readOrigin(service, second.id)).toMatchObject({ retryOf: parent.id });
    expect(await readOrigin(service, third.id)).toMatchObject({ retryOf: first.id });
  });

  test("of what a retry has done since is refused, from wherever in the chain it is asked for", async () => {
    await using service = await openTestService();
    const { token, productIds } = await service.fillShop({ products: 3, inUse: 1 });
    const parent = await service.submit(token, "delete_products", [...productIds, ...randomIds(1)]);
    await endUntouched(service);
    const untouched = await readAction(await retry(service, token, parent.id));
    await endUntouched(service);
    await service.startWorker();
    const { id } = await readAction(await retry(service, token, parent.id));
    expect(await service.finished(token, id)).toMatchObject({ status: "completed" });

    for (const again of [parent.id, untouched.id, id]) {
      const response = await retry(service, token, again);
      await expectRefused(service, response, 422, "bulk_action.nothing_to_retry", 2);
    }
  });

  test("of one whose retry has done a part takes up what is left of it", async () => {
    await using service = await openTestService({ CHUNK_SIZE: "4" });
    const { token, productIds } = await service.fillShop({ products: 7 });
    const parent = await service.submit(token, "delete_products", productIds);
    await endUntouched(service);
    const first = await readAction(await retry(service, token, parent.id));
    const [failed, left] = await endWithFailures(service, first);
    const rest = [...failed, ...left];

    const second = await readAction(await retry(service, token, parent.id));
    expect(second.record_ids).toEqual(rest);
    // Two over the same ids at once would do the same work twice.
    for (const kin of [parent.id, first.id]) {
      const response = await retry(service, token, kin);
      await expectRefused(service, response, 409, "bulk_action.retry_in_progress", 2);
    }
    await endUntouched(service);
    const third = await readAction(await retry(service, token, second.id));
    expect(third.record_ids).toEqual(rest);
    const response = await retry(service, token, parent.id);
    await expectRefused(service, response, 409, "bulk_action.retry_in_progress", 3);
  });

  test("that many ask for at once is created once", async () => {
    await using service = await openTestService();
    await using another = await openAnotherApi(service);
    const { token } = await service.fillShop({});
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    await endUntouched(service);

    const headers = { authorization: `Bearer ${token}` };
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        fetch(`${[service.url, another.url][index % 2]}/v1/bulk_actions/${id}/retry`, {
          method: "POST",
          headers,
        }),
      ),
    );

    expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    for (const response of responses.filter(({ status }) => status === 409)) {
      expect(await response.json()).toMatchObject({ code: "bulk_action.retry_in_progress" });
    }
    expect(
      await service.database.query("SELECT FROM bulk.bulk_actions WHERE retry_of_id IS NOT NULL"),
    ).toHaveLength(1);
  });

  test("sent again with its Idempotency-Key is the same one, while it is open and after its end", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    await endUntouched(service);
    const send = () => retry(service, token, id, { "idempotency-key": "once" });

    const first = await send();
    expect(first.headers.has("idempotent-replayed")).toBe(false);
    const created = await readAction(first);
    const second = await send();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(await readAction(second)).toEqual(created);

    await service.startWorker();
    const ended = await service.finished(token, created.id);
    const third = await send();
    expect(third.headers.get("idempotent-replayed")).toBe("true");
    expect(await readAction(third)).toEqual(ended);
    expect(await service.database.query("SELECT FROM bulk.bulk_actions")).toHaveLength(2);
  });

  test.each(["pending", "processing"])("of what is still %s is a conflict", async (status) => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const { id } = await service.submit(token, "delete_products", randomIds(3));
    await service.database.query("UPDATE bulk.bulk_actions SET status = $1", [status]);

    await expectRefused(service, await retry(service, token, id), 409, "bulk_action.still_open");
  });

  test("of what left nothing over is refused", async () => {
    await using service = await openTestService();
    await service.startWorker();
    const { token, productIds } = await service.fillShop({ products: 3, inUse: 1 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.finished(token, id);

    await expectRefused(service, await retry(service, token, id), 422, "bulk_action.nothing_to_retry");
  });

  test("of another account's bulk action, of none, or without the right to write is refused", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const other = await service.fillShop({}, "another");
    const { id } = await service.submit(token, "delete_products", randomIds(2));
    await endUntouched(service);

    for (const response of [
      await retry(service, other.token, id),
      await retry(service, token, randomUUID()),
      await retry(service, token, "42"),
    ]) {
      await expectRefused(service, response, 404, "bulk_action.not_found");
    }
    const reader = await mintToken(service, "bulk_actions:read");
    await expectRefused(service, await retry(service, reader, id), 403, "token.scope_missing");
  });

  test("outlives the bulk action it takes up and the token that asked for it", async () => {
    await using service = await openTestService();
    const { token } = await service.fillShop({});
    const parent = await service.submit(token, "delete_products", randomIds(2));
    await endUntouched(service);
    const { id } = await readAction(await retry(service, token, parent.id));

    await service.database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [parent.id]);
    await service.database.query("DELETE FROM bulk.api_tokens");

    expect(await readOrigin(service, id)).toEqual({ retryOf: null, createdBy: null });
  });
});

test("a bulk action knows the token that submitted it", async () => {
  await using service = await openTestService();
  const { token } = await service.fillShop({});
  const { id } = await service.submit(token, "delete_products", randomIds(1));
  expect(await readOrigin(service, id)).toEqual({ retryOf: null, createdBy: "test" });
});

function retry(
  service: TestService,
  token: string,
  id: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return service.request(token, `/v1/bulk_actions/${id}/retry`, { method: "POST", headers });
}

async function readAction(response: Response): Promise<WireAction> {
  expect(response.status).toBe(200);
  return (await response.json()) as WireAction;
}

async function expectRefused(
  service: TestService,
  response: Response,
  status: number,
  code: string,
  retriesBefore = 0,
): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code, validation_errors: [] });
  expect(
    await service.database.query("SELECT FROM bulk.bulk_actions WHERE retry_of_id IS NOT NULL"),
  ).toHaveLength(retriesBefore);
}

/** Ends everything open as a cancel would. */
async function endUntouched(service: TestService): Promise<void> {
  await service.database.query(
    `UPDATE bulk.bulk_actions SET status = 'completed', cancel_requested_at = now(), finished_at = now()
     WHERE status = 'pending'`,
  );
}

/**
 * Ends it as if one of the first chunk's four ids was deleted and two had failed when it was canceled, and
 * nothing else was attempted; answers what failed and what is left.
 */
async function endWithFailures(
  service: TestService,
  { id, record_ids: ids }: WireAction,
): Promise<readonly [failed: readonly string[], left: readonly string[]]> {
  await service.database.query("DELETE FROM products WHERE id = $1", [ids[1]]);
  await service.database.query(
    `UPDATE bulk.bulk_action_chunks SET done_count = 3, deleted_count = 1, failed_count = 2,
       failed_ids = ARRAY[record_ids[1], record_ids[3]], failed_codes = '{record.locked,record.timeout}'
     WHERE bulk_action_id = $1 AND position = 0`,
    [id],
  );
  await endUntouched(service);
  return [[ids[0], ids[2]].map(String), ids.slice(3)];
}

/** Which bulk action it takes up, and whose token asked for it. */
async function readOrigin(service: TestService, id: string) {
  const [origin] = await service.database.query<{ retryOf: string | null; createdBy: string | null }>(
    `SELECT retry_of_id AS "retryOf", (SELECT accounts.name FROM bulk.accounts JOIN bulk.api_tokens ON account_id = accounts.id
       WHERE api_tokens.id = created_by_token_id) AS "createdBy"
     FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
  return origin;
}
