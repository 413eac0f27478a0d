import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WireAction } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type ObservedApi, openObservedApi } from "../support/observed-api.ts";
import { randomIds } from "../support/random-ids.ts";
import { refuseDeletion } from "../support/refuse-deletion.ts";
import { openTestService, type TestService } from "../support/test-service.ts";
import { writeBrake } from "../support/write-brake.ts";

type Details = {
  readonly outcome: string | null;
  readonly total: number;
  readonly processed: number;
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
  readonly not_attempted: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly last_progress_at: number | null;
  readonly expires_at: number | null;
  readonly paused: { readonly since: number; readonly reason: string | null } | null;
  readonly braked_by: object | null;
};

type DetailedAction = WireAction & { readonly details: Details };

const COLLECTION = "/v1/bulk_actions";

const OPEN = {
  ...{ outcome: null, total: 3, processed: 0, deleted: 0, skipped: 0, failed: 0, not_attempted: 0 },
  ...{ started_at: null, finished_at: null, last_progress_at: null, cancel_requested_at: null },
  ...{ retry_of: null, expires_at: null, paused: null, braked_by: null },
  ...{ restore_of: null, restorable_until: expect.any(Number), restored: 0 },
  created_by: { object: "token", id: expect.any(String), name: "seed" },
  records_url: expect.stringMatching(/^\/v1\/bulk_actions\/[0-9a-f-]{36}\/records$/),
};

let service: TestService;
let token: string;

// Each test has it anew: some of them start a worker.
beforeEach(async () => {
  service = await openTestService({ CHUNK_SIZE: "4", RETENTION_DAYS: "7" });
  ({ token } = await service.fillShop({}));
});

afterEach(() => service[Symbol.asyncDispose]());

describe("details", () => {
  test("are one key more than the eight, the same in create, retrieve and list, and only on demand", async () => {
    const ids = randomIds(3);
    const created = await create(ids, "?expand[]=details");
    const { details, ...base } = created;

    expect(details).toStrictEqual(OPEN);
    expect(await service.retrieve(token, base.id)).toStrictEqual(base);
    expect(await retrieve(base.id)).toStrictEqual(created);
    expect(await list("?expand%5B0%5D=details")).toStrictEqual([created]);
    expect(await list("")).toStrictEqual([base]);
  });

  test("are in the answers to a replayed request, to one that waits, to a cancel and to a retry", async () => {
    const body = { bulk_action: { action_type: "delete_products", record_ids: randomIds(3) } };
    const key = { "idempotency-key": "once" };
    const created = await read(await post(body, "?expand[]=details", key));
    expect(created.details).toStrictEqual(OPEN);
    expect(await read(await post(body, "?expand[]=details", key))).toStrictEqual(created);

    const canceled = await read(await post({}, `/${created.id}/cancel?expand[]=details`));
    expect(canceled.details).toMatchObject({ outcome: "canceled", not_attempted: 3 });
    const waited = await post(body, "?expand[]=details", { ...key, prefer: "wait=30" });
    expect(waited.headers.get("preference-applied")).toBe("wait=30");
    expect(await read(waited)).toStrictEqual(canceled);

    const retried = await read(await post({}, `/${created.id}/retry?expand[]=details`));
    expect(retried.details).toStrictEqual({ ...OPEN, retry_of: created.id });
  });

  test("tell what became of the records, when, and until when that is known", async () => {
    const { productIds, inUseProductIds } = await service.fillShop({ products: 8, inUse: 2 });
    await refuseDeletion(service.database, productIds.at(-1));
    const { id } = await service.submit(token, "delete_products", [...productIds, ...randomIds(3)]);
    await service.startWorker();
    await service.finished(token, id);

    const { status, details } = await retrieve(id);

    expect(inUseProductIds).toHaveLength(2);
    expect(status).toBe("completed");
    expect(details).toMatchObject({
      ...{ outcome: "partial", total: 11, processed: 11, deleted: 5, skipped: 5, failed: 1 },
      ...{ not_attempted: 0, cancel_requested_at: null },
    });
    const { started_at: startedAt, last_progress_at: progressAt, finished_at: finishedAt } = details;
    const moments = [startedAt, progressAt, finishedAt];
    expect(moments).toEqual(moments.toSorted());
    expect(details.expires_at).toBe(Number(finishedAt) + 7 * 86_400);
    expect(await list("?expand[]=details")).toMatchObject([{ id, details }]);
  });

  test("of a canceled bulk action count what was not attempted", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(9));
    await skip(id, 2);
    await service.database.query(
      `UPDATE bulk.bulk_actions SET cancel_requested_at = now(), finished_at = now(), status = 'completed'`,
    );
    expect((await retrieve(id)).details).toMatchObject({
      ...{ outcome: "canceled", total: 9, processed: 2, skipped: 2, not_attempted: 7 },
      cancel_requested_at: expect.any(Number),
    });
  });

  test("name whose records it takes up again, and forget a bulk action or a token that is gone", async () => {
    const first = await create(randomIds(3), "?expand[]=details");
    const second = await create(randomIds(3), "?expand[]=details");
    await service.database.query("UPDATE bulk.bulk_actions SET retry_of_id = $1 WHERE id = $2", [
      first.id,
      second.id,
    ]);
    expect((await retrieve(second.id)).details).toMatchObject({ ...OPEN, retry_of: first.id });

    const other = await service.fillShop({});
    await service.database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [first.id]);
    await service.database.query(
      "DELETE FROM bulk.api_tokens WHERE id IN (SELECT created_by_token_id FROM bulk.bulk_actions)",
    );
    expect((await retrieve(second.id, other.token)).details).toMatchObject({
      retry_of: null,
      created_by: null,
    });
  });

  test("have counts that add up and never go down while it is under work", async () => {
    const { productIds } = await service.fillShop({ products: 300, inUse: 60 });
    const { id } = await service.submit(token, "delete_products", productIds);
    await service.startWorker();
    const seen: Details[] = [];
    await eventually(async () => {
      const { details, skipped_record_ids: skippedIds } = await retrieve(id);
      expect(details.skipped).toBe(skippedIds.length);
      seen.push(details);
      if (details.outcome === null) throw new Error("It is still open.");
    }, 45_000);

    expect(seen.at(-1)).toMatchObject({ outcome: "partial", total: 300, deleted: 240, skipped: 60 });
    for (const [index, details] of seen.entries()) {
      expect(details.processed).toBe(details.deleted + details.skipped + details.failed);
      for (const count of ["deleted", "skipped", "failed"] as const) {
        expect(details[count]).toBeGreaterThanOrEqual(seen[index - 1]?.[count] ?? 0);
      }
    }
  });
});

describe("a pause in the details", () => {
  test("is the oldest that holds the bulk action now, and an operator's reason is not for callers", async () => {
    const { id } = await create(randomIds(3), "?expand[]=details");
    await pauseSince(1_000, "declaration", "delete_customers", "of another type");
    await pauseSince(2_000, "account", randomUUID(), "of another account");
    await pauseSince(3_000, "declaration", "delete_products", "it ended", "now() - interval '1 second'");
    expect((await retrieve(id)).details.paused).toBeNull();

    await pauseSince(
      5_000,
      "declaration",
      "delete_products",
      "not declared: a key",
      "now() + interval '1 day'",
    );
    const found = { since: 5_000, reason: "not declared: a key" };
    expect((await retrieve(id)).details.paused).toEqual(found);
    await pauseSince(6_000, "all", "", "private");
    expect((await retrieve(id)).details.paused).toEqual(found);
    await pauseSince(4_000, "action_type", "delete_products", "private");

    const held = { details: { ...OPEN, paused: { since: 4_000, reason: null } } };
    expect(await retrieve(id)).toMatchObject(held);
    expect(await list("?expand[]=details")).toMatchObject([held]);
    expect(await list("?expand[]=details&fields=id")).toMatchObject([held]);
    expect(await create(randomIds(3), "?expand[]=details")).toMatchObject(held);
    await service.database.query("DELETE FROM bulk.pauses");
    expect((await retrieve(id)).details).toStrictEqual(OPEN);
  });

  test("is in the answer to a retry, and gone once the bulk action has ended", async () => {
    const { id } = await create(randomIds(3), "");
    await pauseSince(4_000, "all", "", "private");
    const canceled = await read(await post({}, `/${id}/cancel?expand[]=details`));
    expect(canceled.details).toMatchObject({ outcome: "canceled", paused: null });
    const retried = await read(await post({}, `/${id}/retry?expand[]=details&fields=id`));
    expect(retried.details.paused).toEqual({ since: 4_000, reason: null });
  });

  test("changes the ETag, and ends a wait for a change", async () => {
    await using api = await openObservedApi(service);
    const { id } = await create(randomIds(3), "");
    const { before, waiting } = await waitForChange(api, id);
    await pauseSince(4_000, "all", "", "private");

    const told = await waiting;
    expect((await read(told)).details.paused).toEqual({ since: 4_000, reason: null });
    expect(etagOf(told)).not.toBe(etagOf(before));
    expect((await get(`/${id}?expand[]=details`, etagOf(told))).status).toBe(304);
  });
});

describe("the brake in the details", () => {
  const braked = {
    ...{ reason: "shop_is_active", since: 4_000, target_ratio: 1.25, measured_ratio: 1.23 },
    records_per_second: 9_001,
  };

  test("is there while workers are polite and somebody has looked, in every answer and in the events", async () => {
    const { id } = await create(randomIds(3), "");
    await writeBrake(service, "NULL", "clock_timestamp()");
    expect((await retrieve(id)).details.braked_by).toBeNull();
    await writeBrake(service, "to_timestamp(4000)", "clock_timestamp() - interval '6 seconds'");
    expect((await retrieve(id)).details.braked_by).toBeNull();

    await writeBrake(service, "to_timestamp(4000)");
    const held = { details: { ...OPEN, braked_by: braked } };
    expect(await retrieve(id)).toMatchObject(held);
    expect(await list("?expand[]=details")).toMatchObject([held]);
    expect(await create(randomIds(3), "?expand[]=details")).toMatchObject(held);
    const canceled = await read(await post({}, `/${id}/cancel?expand[]=details`));
    expect(canceled.details).toMatchObject({ outcome: "canceled", braked_by: null });
    const retried = await read(await post({}, `/${id}/retry?expand[]=details`));
    expect(retried.details.braked_by).toEqual(braked);
    expect(await readSnapshot(retried.id)).toMatchObject({ id: retried.id, braked_by: braked });
  });

  test("has no figures before the first measurement", async () => {
    const { id } = await create(randomIds(3), "");
    await writeBrake(service, "to_timestamp(4000)");
    await service.database.query("UPDATE bulk.brake SET measured = NULL, records_per_second = NULL");
    const bare = { ...braked, measured_ratio: null, records_per_second: null };
    expect((await retrieve(id)).details.braked_by).toEqual(bare);
  });

  test("ends a wait for a change when it begins", async () => {
    await using api = await openObservedApi(service);
    const { id } = await create(randomIds(3), "");
    const { waiting } = await waitForChange(api, id);
    await writeBrake(service, "to_timestamp(4000)");

    expect((await read(await waiting)).details.braked_by).toEqual(braked);
  });
});

describe("the ETag of an answer with details", () => {
  test("changes with them, although the other keys stay the same", async () => {
    const { id } = await service.submit(token, "delete_products", randomIds(9));
    const bare = await get(`/${id}`);
    const before = await get(`/${id}?expand[]=details`);
    expect(etagOf(before)).not.toBe(etagOf(bare));
    expect((await get(`/${id}?expand[]=details`, etagOf(before))).status).toBe(304);

    await service.database.query(
      "UPDATE bulk.bulk_action_chunks SET done_count = 1, deleted_count = 1, progressed_at = now() WHERE position = 0",
    );

    const after = await get(`/${id}?expand[]=details`, etagOf(before));
    expect(after.status).toBe(200);
    expect(await after.json()).toMatchObject({ details: { deleted: 1, processed: 1 } });
    expect((await get(`/${id}?expand[]=details`, etagOf(after))).status).toBe(304);
    expect((await get(`/${id}`, etagOf(bare))).status).toBe(304);
  });

  test("is not found without a bulk action", async () => {
    const response = await get(`/${randomUUID()}?expand[]=details`, "*");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "bulk_action.not_found" });
  });
});

describe("an expansion that nobody knows", () => {
  test("is refused by name wherever there are some, and nothing is created or canceled", async () => {
    const body = { bulk_action: { action_type: "delete_products", record_ids: randomIds(1) } };
    const responses = await Promise.all([
      post(body, "?expand[]=details&expand[]=records"),
      post({}, `/${randomUUID()}/cancel?expand=records`),
      post({}, `/${randomUUID()}/retry?expand=records`),
      get(`/${randomUUID()}?expand[]=records`),
      get("?expand=records"),
    ]);
    for (const response of responses) {
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        code: "bulk_action.invalid",
        validation_errors: [
          { attribute: "expand", code: "bulk_action.expand.inclusion", options: { in: ["details"] } },
        ],
      });
    }
    expect(await list("")).toEqual([]);
  });

  test("a thousand times is not answered a thousand times", async () => {
    const response = await get(`?${"expand[]=x&".repeat(1_000)}`);
    const { validation_errors: faults } = (await response.json()) as {
      validation_errors: readonly unknown[];
    };
    expect(faults).toHaveLength(50);
  });
});

function post(
  body: unknown,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return service.request(token, COLLECTION + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function read(response: Response): Promise<DetailedAction> {
  expect(response.status).toBe(200);
  return (await response.json()) as DetailedAction;
}

function get(path: string, ifNoneMatch?: string, caller = token): Promise<Response> {
  const headers = ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch };
  return service.request(caller, COLLECTION + path, { headers });
}

/** Begins a wait of 30 s for a change of the details, beside the response before it. */
async function waitForChange(api: ObservedApi, id: string) {
  const before = await get(`/${id}?expand[]=details`);
  const waiting = api.request(token, `${COLLECTION}/${id}?expand[]=details`, {
    headers: { "if-none-match": etagOf(before), prefer: "wait=30" },
  });
  await api.untilWaiting(1);
  return { before, waiting };
}

async function create(recordIds: readonly string[], query: string): Promise<DetailedAction> {
  const body = { bulk_action: { action_type: "delete_products", record_ids: recordIds } };
  return await read(await post(body, query));
}

async function retrieve(id: string, caller = token): Promise<DetailedAction> {
  return await read(await get(`/${id}?expand[]=details`, undefined, caller));
}

async function list(query: string): Promise<readonly DetailedAction[]> {
  const { data } = (await (await get(query)).json()) as { data: readonly DetailedAction[] };
  return data;
}

function etagOf(response: Response): string {
  return String(response.headers.get("etag"));
}

// As a turn does that skips the first ids of the first chunk.
async function skip(id: string, count: number): Promise<void> {
  await service.database.query(
    `UPDATE bulk.bulk_action_chunks SET done_count = $2, skipped_count = $2, skipped_ids = record_ids[:$2],
       skipped_codes = array_fill('record.not_found'::text, ARRAY[$2::int])
     WHERE bulk_action_id = $1 AND position = 0`,
    [id, count],
  );
}

/** The data of the first event. */
async function readSnapshot(id: string): Promise<object> {
  const response = await service.request(token, `${COLLECTION}/${id}/events`);
  let text = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    const [, snapshot] = /^data: (.*)$/m.exec(text) ?? [];
    if (snapshot !== undefined) return JSON.parse(snapshot) as object;
  }
  throw new Error(text);
}

async function pauseSince(
  seconds: number,
  scope: string,
  subject: string,
  reason: string,
  expiresAt = "NULL",
): Promise<void> {
  await service.database.query(
    `INSERT INTO bulk.pauses (scope, subject, reason, paused_by, paused_at, expires_at)
     VALUES ($1, $2, $3, 'test', to_timestamp($4), ${expiresAt})
     ON CONFLICT (scope, subject) DO UPDATE SET
       reason = EXCLUDED.reason, paused_at = EXCLUDED.paused_at, expires_at = EXCLUDED.expires_at`,
    [scope, subject, reason, seconds],
  );
}
