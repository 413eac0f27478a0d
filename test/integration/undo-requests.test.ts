import { randomUUID } from "node:crypto";
import { openDatabase } from "@bulk/store/database";
import { dropExpiredRows } from "@bulk/store/retention/kept-rows";
import { pruneEnded } from "@bulk/store/retention/prune";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { randomIds } from "../support/random-ids.ts";
import { registry } from "../support/registry.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/* What callers ask of undo, by rows as workers write them. undo.test.ts has what workers do. */

const DAY_SECONDS = 86_400;

let service: TestService;

beforeAll(async () => {
  service = await openTestService({ CHUNK_SIZE: "4", RESTORE_DAYS: "3" });
});

afterAll(() => service[Symbol.asyncDispose]());

describe("a create", () => {
  test("keeps for RESTORE_DAYS, in the partition of the day, by the clock of the database", async () => {
    const { token } = await service.fillShop({}, "keeps");
    for (const actionType of ["delete_products", "archive_products"]) {
      const { id, details } = await create(token, { action_type: actionType });
      const [stored] = await service.database.query(
        `SELECT extract(epoch FROM restorable_until - created_at)::int AS seconds,
                kept_slot = floor(extract(epoch FROM created_at) / 86400)::int % 32 AS "isOfDay"
         FROM bulk.bulk_actions WHERE id = $1`,
        [id],
      );
      expect(stored).toEqual({ seconds: 3 * DAY_SECONDS, isOfDay: true });
      expect(details).toMatchObject({ restore_of: null, restored: 0, restorable_until: expect.any(Number) });
    }
  });

  test("with restorable: false keeps nothing, as JSON and as a form, and so does its retry", async () => {
    const { token } = await service.fillShop({}, "keeps nothing");
    const { id, details } = await create(token, { restorable: false });
    expect(details).toMatchObject({ restorable_until: null });
    const form = new URLSearchParams({
      ...{ "bulk_action[action_type]": "delete_products", "bulk_action[restorable]": "false" },
      "bulk_action[record_ids][]": randomUUID(),
    });
    const submitted = await service.request(token, "/v1/bulk_actions", { method: "POST", body: form });
    const byForm = await readAction(submitted);
    await service.request(token, `/v1/bulk_actions/${id}/cancel`, { method: "POST" });
    const retry = await readAction(await post(token, `/v1/bulk_actions/${id}/retry`));

    expect(await readKept([id, byForm.id, retry.id])).toEqual([NOTHING, NOTHING, NOTHING]);
    await expectRefused(await restore(token, id), 409, "bulk_action.not_restorable");
  });

  test("that is retried is kept anew", async () => {
    const { token } = await service.fillShop({}, "keeps anew");
    const { id } = await create(token);
    await post(token, `/v1/bulk_actions/${id}/cancel`);
    const retry = await readAction(await post(token, `/v1/bulk_actions/${id}/retry`));
    const [kept] = await readKept([retry.id]);
    expect(kept).toEqual({ restorable_until: expect.any(Date), kept_slot: expect.any(Number) });
  });

  test("with another restorable is another request, and one that is no boolean is refused", async () => {
    const { token } = await service.fillShop({}, "keeps odd");
    const body = { action_type: "delete_products", record_ids: randomIds(1) };
    const key = { "idempotency-key": "once" };
    const first = await readAction(await post(token, "/v1/bulk_actions", body, key));
    const same = { ...body, restorable: true };
    expect(await readAction(await post(token, "/v1/bulk_actions", same, key))).toEqual(first);
    const other = await post(token, "/v1/bulk_actions", { ...body, restorable: false }, key);
    await expectRefused(other, 422, "idempotency_key.reused");
    const odd = await post(token, "/v1/bulk_actions", { ...body, restorable: "no" });
    await expectRefused(odd, 422, "bulk_action.invalid");
  });

  test.each(["", "/preview"])("refuses the actions that take others back: POST %s", async (path) => {
    const { token } = await service.fillShop({}, `refuses${path}`);
    const restoring = [...registry.values()].filter(({ restores }) => restores !== undefined);
    expect(restoring.map(({ type }) => type)).toContain("restore_products");
    for (const { type } of restoring) {
      const body = { action_type: type, record_ids: randomIds(1) };
      const response = await post(token, `/v1/bulk_actions${path}`, body);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        validation_errors: [
          {
            code: "bulk_action.action_type.inclusion",
            options: { in: ["delete_customers", "archive_products", "delete_products"] },
          },
        ],
      });
    }
  });
});

describe("a restore", () => {
  test("takes what was changed, a chunk for each, and leaves out what came back before", async () => {
    const { token } = await service.fillShop({}, "takes");
    const { parent, changed } = await endPartly(token);

    const response = await restore(token, parent.id, [changed[3], changed[0]]);
    expect(response.headers.get("retry-after")).toBe("1");
    const some = await readAction(response);
    expect(response.headers.get("location")).toBe(`/v1/bulk_actions/${some.id}`);
    expect(some).toMatchObject({
      ...{ object: "bulk_action", action_type: "restore_products", status: "pending" },
      ...{ record_ids: [changed[0], changed[3]], skipped_record_ids: [] },
    });
    expect(await readChunks(some.id)).toEqual([
      { position: 0, source_position: 0, record_ids: [changed[0]] },
      { position: 1, source_position: 4, record_ids: [changed[3]] },
    ]);
    expect(await readKept([some.id])).toEqual([NOTHING]);

    await endDone(some.id);
    const rest = await readAction(await restore(token, parent.id));
    expect(rest.record_ids).toEqual([changed[1], changed[2], changed[4], changed[5]]);
    expect(await readChunks(rest.id)).toEqual([
      { position: 0, source_position: 0, record_ids: [changed[1]] },
      { position: 1, source_position: 4, record_ids: [changed[2], changed[4]] },
      { position: 3, source_position: 8, record_ids: [changed[5]] },
    ]);
    const details = { restore_of: parent.id, restored: 0, restorable_until: null };
    expect(await readDetails(token, rest.id)).toMatchObject(details);
    expect(await readDetails(token, parent.id)).toMatchObject({ restore_of: null, restored: 2 });
    await endDone(rest.id);
    expect(await readDetails(token, parent.id)).toMatchObject({ restored: 6 });
    await expectRefused(await restore(token, parent.id), 422, "bulk_action.nothing_to_restore");
  });

  test("that failed in part is retried as a restore of the same chunks", async () => {
    const { token } = await service.fillShop({}, "retried");
    const { parent, changed } = await endPartly(token);
    const first = await readAction(await restore(token, parent.id));
    await service.database.query(
      `UPDATE bulk.bulk_action_chunks SET done_count = record_count, failed_count = 1, deleted_count = record_count - 1,
         failed_ids = ARRAY[record_ids[1]], failed_codes = '{record.locked}', finished_at = now() WHERE bulk_action_id = $1`,
      [first.id],
    );
    await end(first.id);

    const retry = await readAction(await post(token, `/v1/bulk_actions/${first.id}/retry`));

    expect(retry).toMatchObject({
      action_type: "restore_products",
      record_ids: [changed[0], changed[2], changed[5]],
    });
    expect(await readChunks(retry.id)).toEqual([
      { position: 0, source_position: 0, record_ids: [changed[0]] },
      { position: 1, source_position: 4, record_ids: [changed[2]] },
      { position: 2, source_position: 8, record_ids: [changed[5]] },
    ]);
    expect(await readDetails(token, retry.id)).toMatchObject({ restore_of: parent.id, retry_of: first.id });
    await expectRefused(await restore(token, parent.id), 409, "bulk_action.restore_in_progress");
    await endDone(retry.id);
    expect(await readDetails(token, parent.id)).toMatchObject({ restored: changed.length });
  });

  test("is not retried while another restore of the same bulk action is open", async () => {
    const { token } = await service.fillShop({}, "retried late");
    const { parent, changed } = await endPartly(token);
    const first = await readAction(await restore(token, parent.id, [changed[0]]));
    await end(first.id);
    await readAction(await restore(token, parent.id, [changed[1]]));
    const retry = await post(token, `/v1/bulk_actions/${first.id}/retry`);
    await expectRefused(retry, 409, "bulk_action.retry_in_progress");
  });

  test("sent again with its key is the same one, and with other ids another request", async () => {
    const { token } = await service.fillShop({}, "again");
    const { parent, changed } = await endPartly(token);
    const key = { "idempotency-key": "once" };
    const first = await readAction(await restore(token, parent.id, [changed[0]], key));
    const again = await restore(token, parent.id, [changed[0]], key);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await readAction(again)).toEqual(first);
    await expectRefused(await restore(token, parent.id, undefined, key), 422, "idempotency_key.reused");
    // Also after what it restores is gone.
    await end(first.id);
    await readAction(await post(token, `/v1/bulk_actions/${parent.id}/purge`));
    expect((await readAction(await restore(token, parent.id, [changed[0]], key))).id).toBe(first.id);
  });

  test("is one of several at once", async () => {
    const { token } = await service.fillShop({}, "at once");
    const { parent } = await endPartly(token);
    const responses = await Promise.all(Array.from({ length: 6 }, () => restore(token, parent.id)));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
    expect(await readRestores(parent.id)).toHaveLength(1);
  });

  test("counts as an open bulk action", async () => {
    await using narrow = await openTestService({ MAX_OPEN_ACTIONS: "1" });
    const { token } = await narrow.fillShop({});
    const { id } = await narrow.submit(token, "delete_products", randomIds(1));
    await narrow.database.query(DONE, [id]);
    await narrow.database.query(ENDED, [id]);
    await narrow.submit(token, "delete_products", randomIds(1));
    const response = await narrow.request(token, `/v1/bulk_actions/${id}/restore`, { method: "POST" });
    await expectRefused(response, 429, "bulk_action.too_many_open");
    expect(await narrow.database.query("SELECT FROM bulk.bulk_actions")).toHaveLength(2);
  });

  test.each<[string, string, number, string]>([
    ["is open", "UPDATE bulk.bulk_actions SET status = 'processing'", 409, "bulk_action.not_restorable"],
    [
      "has another type than any action takes back",
      "UPDATE bulk.bulk_actions SET action_type = 'restore_products'",
      409,
      "bulk_action.not_restorable",
    ],
    [
      "was created without a time to restore it",
      "UPDATE bulk.bulk_actions SET restorable_until = NULL, kept_slot = NULL",
      409,
      "bulk_action.not_restorable",
    ],
    [
      "can be restored no longer",
      "UPDATE bulk.bulk_actions SET restorable_until = now()",
      410,
      "bulk_action.restore_expired",
    ],
    [
      "has changed nothing",
      "UPDATE bulk.bulk_action_chunks SET done_count = 0",
      422,
      "bulk_action.nothing_to_restore",
    ],
  ])("of a bulk action that %s is refused, and nothing is written", async (name, change, status, code) => {
    const { token } = await service.fillShop({}, name);
    const { parent } = await endPartly(token);
    const key = change.includes("chunks") ? "bulk_action_id" : "id";
    await service.database.query(`${change} WHERE ${key} = $1`, [parent.id]);
    await expectRefused(await restore(token, parent.id), status, code);
    expect(await readRestores(parent.id)).toEqual([]);
  });

  test("of ids that it has not changed is refused with their number, and nothing is written", async () => {
    const { token } = await service.fillShop({}, "foreign ids");
    const { parent, changed, others } = await endPartly(token);
    const ids = [changed[0], ...others, randomUUID()];
    const response = await restore(token, parent.id, ids);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: "bulk_action.invalid",
      validation_errors: [
        { code: "bulk_action.record_ids.not_restorable", options: { count: others.length + 1 } },
      ],
    });
    await expectRefused(await restore(token, parent.id, ["no id"]), 422, "bulk_action.invalid");
    await expectRefused(await restore(token, parent.id, []), 422, "bulk_action.invalid");
    const bare = await service.request(token, `/v1/bulk_actions/${parent.id}/restore`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ record_ids: ids }),
    });
    await expectRefused(bare, 400, "bulk_action.missing");
    expect(await readRestores(parent.id)).toEqual([]);
  });

  test("or a purge of another account's bulk action finds none", async () => {
    const { token } = await service.fillShop({}, "mine");
    const { parent } = await endPartly(token);
    const other = await service.fillShop({}, "not mine");
    for (const id of [parent.id, randomUUID(), "no-id"]) {
      await expectRefused(await restore(other.token, id), 404, "bulk_action.not_found");
      await expectRefused(
        await post(other.token, `/v1/bulk_actions/${id}/purge`),
        404,
        "bulk_action.not_found",
      );
    }
    expect(await readRestores(parent.id)).toEqual([]);
    expect(await readKept([parent.id])).not.toEqual([NOTHING]);
  });
});

describe("a purge", () => {
  test("leaves nothing in the tables, and repeated it changes nothing", async () => {
    const { token } = await service.fillShop({}, "purges");
    const [first, second] = [await endPartly(token), await endPartly(token)];
    await keepRows([first.parent.id, second.parent.id]);

    const purged = await post(token, `/v1/bulk_actions/${first.parent.id}/purge?expand[]=details`);

    expect(await readAction(purged)).toMatchObject({
      ...{ id: first.parent.id, details: { restorable_until: null, restored: 0 } },
    });
    expect(await readKeeping()).toEqual([second.parent.id]);
    const [before] = await readPurge(first.parent.id);
    expect(before).toEqual({ purged_at: expect.any(Date), isByToken: true });
    await expectRefused(await restore(token, first.parent.id), 410, "bulk_action.restore_expired");
    await readAction(await post(token, `/v1/bulk_actions/${first.parent.id}/purge`));
    expect(await readPurge(first.parent.id)).toEqual([before]);
  });

  test("is refused while the bulk action or a restore of it is open", async () => {
    const { token } = await service.fillShop({}, "purges late");
    const open = await create(token);
    const { parent } = await endPartly(token);
    await keepRows([open.id, parent.id]);
    await readAction(await restore(token, parent.id));
    const purge = (id: string) => post(token, `/v1/bulk_actions/${id}/purge`);
    await expectRefused(await purge(open.id), 409, "bulk_action.still_open");
    await expectRefused(await purge(parent.id), 409, "bulk_action.restore_in_progress");
    expect(await readKeeping()).toEqual(expect.arrayContaining([open.id, parent.id]));
  });

  test("of a bulk action that has kept nothing leaves it as it was", async () => {
    const { token } = await service.fillShop({}, "purges nothing");
    const { id } = await create(token, { restorable: false });
    await endDone(id);
    await readAction(await post(token, `/v1/bulk_actions/${id}/purge`));
    expect(await readPurge(id)).toEqual([{ purged_at: null, isByToken: null }]);
    await expectRefused(await restore(token, id), 409, "bulk_action.not_restorable");
  });
});

describe("kept rows", () => {
  test("are deleted when they expire, but not during a restore, nor while others of their day are kept", async () => {
    await using own = await openTestService();
    const { token } = await own.fillShop({});
    const database = openDatabase({ ...DATABASE_OPTIONS, url: own.database.serviceUrl });
    try {
      const [expired, kept, restored] = await Promise.all(
        Array.from({ length: 3 }, () => own.submit(token, "delete_products", randomIds(2))),
      );
      const ids = [expired, kept, restored].map((action) => String(action?.id));
      // All of one partition, ten days ago.
      await own.database.query(
        "UPDATE bulk.bulk_actions SET status = 'succeeded', finished_at = now(), kept_slot = (kept_slot + 22) % 32",
      );
      for (const id of ids) await own.database.query(KEPT, [id]);
      await own.database.query("UPDATE bulk.bulk_action_chunks SET done_count = 2, deleted_count = 2");
      const restoring = await own.request(token, `/v1/bulk_actions/${ids[2]}/restore`, { method: "POST" });
      const { id: restoreId } = await readAction(restoring);
      const expire = (id: string | undefined) =>
        own.database.query("UPDATE bulk.bulk_actions SET restorable_until = now() WHERE id = $1", [id]);

      await expire(ids[0]);
      await expire(ids[2]);
      expect(await dropExpiredRows(database)).toBe(0);
      await expire(ids[1]);
      expect(await dropExpiredRows(database)).toBe(0);
      expect(await own.database.query("SELECT FROM bulk.kept_rows")).toHaveLength(3);
      await own.database.query(ENDED, [restoreId]);
      expect(await dropExpiredRows(database)).toBe(1);
      expect(await own.database.query("SELECT FROM bulk.kept_rows")).toEqual([]);
      expect(await dropExpiredRows(database)).toBe(0);
    } finally {
      await database.$disconnect();
    }
  });

  test("go with a bulk action that is pruned, which waits for its restore", async () => {
    await using own = await openTestService();
    const { token } = await own.fillShop({});
    const database = openDatabase({ ...DATABASE_OPTIONS, url: own.database.serviceUrl });
    try {
      const { id } = await own.submit(token, "delete_products", randomIds(2));
      await own.database.query(DONE, [id]);
      await own.database.query(ENDED, [id]);
      await own.database.query(KEPT, [id]);
      const restoring = await own.request(token, `/v1/bulk_actions/${id}/restore`, { method: "POST" });
      const { id: restoreId } = await readAction(restoring);
      await own.database.query(
        "UPDATE bulk.bulk_actions SET finished_at = now() - interval '31 days' WHERE id = $1",
        [id],
      );

      expect(await pruneEnded(database, 30, registry)).toBe(0);
      expect(await own.database.query("SELECT FROM bulk.kept_rows")).toHaveLength(1);
      await own.database.query(ENDED, [restoreId]);
      expect(await pruneEnded(database, 30, registry)).toBe(1);
      expect(await own.database.query("SELECT FROM bulk.kept_rows")).toEqual([]);
    } finally {
      await database.$disconnect();
    }
  });
});

test("a preview of a restore counts what would come back, and why the rest would not, and changes nothing", async () => {
  await using own = await openTestService({ CHUNK_SIZE: "4" });
  await own.database.query("CREATE UNIQUE INDEX products_sku_key ON products (account_id, sku)");
  const { token, productIds } = await own.fillShop({ products: 10 });
  const [again, ousted, chosen] = productIds;
  const products = await own.database.query<{ id: string; sku: string; account_id: string }>(
    "SELECT id, sku, account_id FROM products",
  );
  const { id } = await own.submit(token, "delete_products", [...productIds, ...randomIds(1)]);
  const path = `/v1/bulk_actions/${id}/restore/preview`;
  const preview = (content?: object, by = token) =>
    own.request(by, path, {
      method: "POST",
      ...(content && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ bulk_action: content }),
      }),
    });
  await expectRefused(await preview(), 409, "bulk_action.not_restorable");
  await own.startWorker();
  await own.finished(token, id);
  for (const [productId, sku] of [
    [again, "new"],
    [randomUUID(), products.find((product) => product.id === ousted)?.sku],
  ]) {
    await own.database.query(
      "INSERT INTO products (id, account_id, name, sku, price_amount) VALUES ($1, $2, 'Cup', $3, 900)",
      [productId, products[0]?.account_id, sku],
    );
  }

  const response = await preview();
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    ...{ object: "bulk_action_preview", action_type: "restore_products" },
    ...{ total: 10, applicable: 8, skipped: 2, warnings: [] },
    reasons: [
      { code: "record.exists", count: 1 },
      { code: "record.unique_taken", count: 1 },
    ],
  });
  const some = await preview({ record_ids: [chosen, again] });
  expect(await some.json()).toMatchObject({ total: 2, applicable: 1, reasons: [{ code: "record.exists" }] });
  await expectRefused(await preview({ record_ids: randomIds(1) }), 422, "bulk_action.invalid");
  const other = await own.fillShop({}, "other");
  await expectRefused(await preview(undefined, other.token), 404, "bulk_action.not_found");
  expect(await own.database.query("SELECT FROM bulk.bulk_actions")).toHaveLength(1);
  expect(await own.database.query("SELECT FROM products")).toHaveLength(2);
  // What it says comes true.
  const restored = await readAction(
    await own.request(token, `/v1/bulk_actions/${id}/restore`, { method: "POST" }),
  );
  expect((await own.finished(token, restored.id)).skipped_record_ids).toEqual(
    productIds.filter((productId) => productId === again || productId === ousted),
  );
  expect(await own.database.query("SELECT FROM products")).toHaveLength(10);
  await readAction(await own.request(token, `/v1/bulk_actions/${id}/purge`, { method: "POST" }));
  expect(await own.database.query("SELECT FROM bulk.kept_rows")).toEqual([]);
  await expectRefused(await preview(), 410, "bulk_action.restore_expired");
});

test("the detail of a stored code is told in the message, and counts are by the code alone", async () => {
  const { token } = await service.fillShop({}, "details of codes");
  const { parent, changed } = await endPartly(token);
  const { id } = await readAction(await restore(token, parent.id, changed.slice(0, 2)));
  await service.database.query(
    `UPDATE bulk.bulk_action_chunks SET done_count = 2, skipped_count = 2, skipped_ids = record_ids::text[],
       skipped_codes = '{record.unique_taken:products_sku_key,record.unique_taken:other}', finished_at = now()
     WHERE bulk_action_id = $1`,
    [id],
  );
  await end(id);
  const response = await service.request(token, `/v1/bulk_actions/${id}/records`);
  expect(await response.json()).toMatchObject({
    data: [
      { code: "record.unique_taken", message: expect.stringMatching(/: products_sku_key$/) },
      { code: "record.unique_taken", message: expect.stringMatching(/: other$/) },
    ],
  });
});

const NOTHING = { restorable_until: null, kept_slot: null };

const DATABASE_OPTIONS = {
  ...{ applicationName: "test", poolSize: 1 },
  ...{ lockTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
};

/** Every id of every chunk was changed. */
const DONE = `UPDATE bulk.bulk_action_chunks SET done_count = record_count, deleted_count = record_count, finished_at = now()
  WHERE bulk_action_id = $1`;

const ENDED = "UPDATE bulk.bulk_actions SET status = 'completed', finished_at = now() WHERE id = $1";

/** A row that was removed. */
const KEPT = `INSERT INTO bulk.kept_rows (slot, bulk_action_id, position, part, columns, rows)
  SELECT kept_slot, id, 0, 'record', '{id}', '{(1)}' FROM bulk.bulk_actions WHERE id = $1`;

type DetailedAction = WireAction & { readonly details: Readonly<Record<string, unknown>> };

async function create(token: string, attributes: object = {}): Promise<DetailedAction> {
  const body = { action_type: "delete_products", record_ids: randomIds(3), ...attributes };
  return await readAction(await post(token, "/v1/bulk_actions?expand[]=details", body));
}

function post(
  token: string,
  path: string,
  content?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  if (content === undefined) return service.request(token, path, { method: "POST", headers });
  return service.request(token, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ bulk_action: content }),
  });
}

function restore(
  token: string,
  id: string,
  recordIds?: readonly (string | undefined)[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const content = recordIds && { record_ids: recordIds };
  return post(token, `/v1/bulk_actions/${id}/restore`, content, headers);
}

async function readAction(response: Response): Promise<DetailedAction> {
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as DetailedAction;
}

async function expectRefused(response: Response, status: number, code: string): Promise<void> {
  expect(response.status, await response.clone().text()).toBe(status);
  expect(await response.json()).toMatchObject({ code });
}

async function end(id: string): Promise<void> {
  await service.database.query(ENDED, [id]);
}

async function endDone(id: string): Promise<void> {
  await service.database.query(DONE, [id]);
  await end(id);
}

/**
 * A deletion of ten ids in three chunks that was canceled. Of the first chunk one was skipped and one not attempted, of each other one the
 * last was not attempted.
 */
async function endPartly(token: string) {
  const ids = randomIds(10);
  const parent = await create(token, { record_ids: ids });
  await service.database.query(
    `UPDATE bulk.bulk_action_chunks SET done_count = LEAST(3, record_count - position / 8),
       skipped_ids = CASE position WHEN 0 THEN ARRAY[record_ids[2]::text] ELSE '{}' END,
       skipped_codes = CASE position WHEN 0 THEN '{record.in_use}'::text[] ELSE '{}' END,
       skipped_count = (position = 0)::int, finished_at = now(),
       deleted_count = CASE position WHEN 0 THEN 2 WHEN 4 THEN 3 ELSE 1 END
     WHERE bulk_action_id = $1`,
    [parent.id],
  );
  await end(parent.id);
  const changed = [ids[0], ids[2], ids[4], ids[5], ids[6], ids[8]].map(String);
  const others = [ids[1], ids[3], ids[7], ids[9]].map(String);
  return { parent, changed, others };
}

async function keepRows(ids: readonly string[]): Promise<void> {
  for (const id of ids) await service.database.query(KEPT, [id]);
}

/** The bulk actions of which rows are kept. */
async function readKeeping(): Promise<readonly string[]> {
  const rows = await service.database.query<{ id: string }>(
    "SELECT DISTINCT bulk_action_id AS id FROM bulk.kept_rows",
  );
  return rows.map(({ id }) => id);
}

function readKept(ids: readonly string[]) {
  return service.database.query(
    `SELECT restorable_until, kept_slot FROM bulk.bulk_actions WHERE id = ANY ($1)
     ORDER BY array_position($1::uuid[], id)`,
    [ids],
  );
}

function readPurge(id: string) {
  return service.database.query(
    `SELECT purged_at, purged_by = created_by_token_id::text AS "isByToken" FROM bulk.bulk_actions WHERE id = $1`,
    [id],
  );
}

function readChunks(id: string) {
  return service.database.query(
    `SELECT position, source_position, record_ids::text[] FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1
     ORDER BY position`,
    [id],
  );
}

function readRestores(id: string) {
  return service.database.query("SELECT id FROM bulk.bulk_actions WHERE restore_of_id = $1", [id]);
}

async function readDetails(token: string, id: string) {
  const response = await service.request(token, `/v1/bulk_actions/${id}?expand[]=details`);
  return (await readAction(response)).details;
}
