import { createHash, randomUUID } from "node:crypto";
import type { Database } from "@bulk/store/database";
import { dropRecordRuns } from "@bulk/store/search/drop-record-runs";
import { findRecord, type RecordHit } from "@bulk/store/search/find-record";
import { indexRecords } from "@bulk/store/search/index-records";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { lockRows } from "../support/lock-rows.ts";
import { randomIds } from "../support/random-ids.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

/** So that each step takes one chunk. */
const ONE_CHUNK = { actions: 1, records: 1 };

let service: TestService;
let store: ReturnType<typeof openServiceDatabase>;
let database: Database;

beforeAll(async () => {
  service = await openTestService({}, { host: "own" });
  store = openServiceDatabase(service.database.url);
  ({ database } = store);
});

afterEach(() =>
  service.database.query("TRUNCATE bulk.bulk_actions, bulk.record_runs, bulk.record_blocks CASCADE"),
);

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

test("a record is found as soon as its bulk action is created, and with its outcome, before and after it is indexed", async () => {
  const { token, accountId, productIds } = await service.fillShop({ products: 3, inUse: 1 }, "outcomes");
  const unknown = randomUUID();
  const ids = [...productIds, unknown];
  const deletion = await service.submit(token, "delete_products", ids);
  for (const [position, id] of ids.entries()) {
    expect(await find(id)).toEqual([
      {
        ...{
          bulkActionId: deletion.id,
          accountId,
          accountName: "outcomes",
          recordId: id,
          position,
        },
        ...{ actionType: "delete_products", status: "pending", createdAt: expect.any(Date) },
        ...{ outcome: "pending", code: null },
      },
    ]);
  }
  await indexAll();
  expect(await find(unknown)).toMatchObject([{ status: "pending", outcome: "pending" }]);
  const worker = await service.startWorker();
  await service.finished(token, deletion.id);
  const again = await service.submit(token, "archive_products", ids);
  await service.finished(token, again.id);
  await worker.stop();
  async function expectOutcomes(): Promise<void> {
    const found = await Promise.all(ids.map((id) => find(id)));
    expect(found.map(([newest]) => newest?.bulkActionId)).toEqual(ids.map(() => again.id));
    const words = found.map((hits) => hits.map(({ outcome, code }) => [outcome, code]));
    expect(words.toSorted()).toEqual(
      [
        [
          ["applied", null],
          ["skipped", "record.in_use"],
        ],
        [NOT_FOUND, ["applied", null]],
        [NOT_FOUND, ["applied", null]],
        [NOT_FOUND, NOT_FOUND],
      ].toSorted(),
    );
  }
  await expectOutcomes();
  await indexAll();
  await expectOutcomes();
});

const NOT_FOUND = ["skipped", "record.not_found"];

test("failed and not attempted records are found as such, in an ended bulk action", async () => {
  const ids = randomIds(3);
  const action = await insertAction(ids, { status: "completed" });
  await service.database.query(
    `UPDATE bulk.bulk_action_chunks SET done_count = 2, failed_count = 1, deleted_count = 1,
            failed_ids = ARRAY[$2::text], failed_codes = ARRAY['record.locked'] WHERE bulk_action_id = $1`,
    [action, ids[1]],
  );
  for (const step of [() => Promise.resolve(), indexAll]) {
    await step();
    const found = await Promise.all(ids.map((id) => find(id)));
    expect(found.map(([hit]) => [hit?.outcome, hit?.code])).toEqual([
      ["applied", null],
      ["failed", "record.locked"],
      ["not_attempted", null],
    ]);
  }
});

test("a search finds everything at every step of the indexing, each place once", async () => {
  const shared = randomUUID();
  const small = [await insertAction([shared]), await insertAction([shared]), await insertAction([shared])];
  const chunks = Array.from({ length: 4 }, () => randomIds(2));
  const large = await insertAction([...chunks.flat(), shared], { chunkSize: 2 });
  let steps = 0;
  do {
    const hits = await find(shared);
    expect(hits.map(({ bulkActionId }) => bulkActionId).toSorted()).toEqual([...small, large].toSorted());
    for (const [index, id] of chunks.flat().entries()) {
      expect(await find(id)).toMatchObject([{ bulkActionId: large, position: index }]);
    }
    steps += 1;
  } while ((await indexRecords(database, ONE_CHUNK)) > 0);
  expect(steps).toBe(3 + 5 + 1);
  expect(await listPlaces()).toHaveLength(3 + 5);
  expect(await service.database.query("SELECT FROM bulk.bulk_actions WHERE NOT is_searchable")).toEqual([]);
});

test("ids are found in whatever form they are written, and exactly", async () => {
  const uuid = randomUUID();
  const texts = [
    "a,b",
    'say "hi"',
    "{}",
    "NULL",
    " padded ",
    "7",
    "007",
    "語👍",
    "'; --",
    "\\",
    "x".repeat(255),
  ];
  const [withUuids, withTexts] = [await insertAction([uuid]), await insertAction(texts, { type: "text" })];
  for (const step of [() => Promise.resolve(), indexAll]) {
    await step();
    for (const text of [uuid, uuid.toUpperCase(), ` ${uuid}\n`]) {
      expect(await find(text)).toMatchObject([{ bulkActionId: withUuids, recordId: uuid, position: 0 }]);
    }
    for (const [position, text] of texts.entries()) {
      expect(await find(text)).toMatchObject([{ bulkActionId: withTexts, recordId: text, position }]);
    }
    expect(await find(" 7 ")).toMatchObject([{ recordId: "7" }]);
    for (const text of [
      "",
      " ",
      "padded",
      "A,B",
      "x".repeat(256),
      "x".repeat(1_000_000),
      "a\0b",
      "\ud800",
      "%",
    ]) {
      expect(await search(text)).toEqual({ hits: [], hasMore: false, isPartial: false });
    }
  }
});

test("a UUID is found as UUID and as text, each with its own account", async () => {
  const uuid = randomUUID();
  const one = await insertAction([uuid], { account: "one" });
  const other = await insertAction([randomUUID(), uuid], { account: "other", type: "text" });
  for (const step of [() => Promise.resolve(), indexAll]) {
    await step();
    expect(await find(uuid)).toMatchObject([
      { bulkActionId: other, accountName: "other", position: 1 },
      { bulkActionId: one, accountName: "one", position: 0 },
    ]);
  }
});

test("an id is not taken for another one with the same hash", async () => {
  const [one, other] = ["25302", "82945"] as const;
  expect(hashOf(one)).toBe(hashOf(other));
  const action = await insertAction([one], { type: "text" });
  await indexAll();
  expect(await find(one)).toMatchObject([{ bulkActionId: action, recordId: one }]);
  expect(await search(other)).toEqual({ hits: [], hasMore: false, isPartial: false });
});

test("the hash of an id is the start of the MD5 of its text, so that it outlives a dump and a new version", async () => {
  const ids = randomIds(20);
  await insertAction(ids);
  await indexAll();
  const rows = await service.database.query<{ block: number; hash: number }>(
    "SELECT block, unnest(hashes) AS hash FROM bulk.record_blocks",
  );
  expect(rows.map(({ hash }) => hash).toSorted()).toEqual(ids.map(hashOf).toSorted());
  for (const { block, hash } of rows) expect(block).toBe(hash >>> 24);
});

test("of a record in very many bulk actions the newest are found, and that there are more is said", async () => {
  const shared = "shared";
  for (const size of [undefined, { actions: 300, records: 300 }]) {
    await insertMany(1_000, shared);
    if (size !== undefined) while ((await indexRecords(database, size)) > 0);
    const { hits, hasMore, isPartial } = await search(shared, 20);
    expect({ hasMore, isPartial }).toEqual({ hasMore: true, isPartial: false });
    const newest = await service.database.query<{ id: string }>(
      "SELECT id FROM bulk.bulk_actions ORDER BY created_at DESC LIMIT 20",
    );
    expect(hits.map(({ bulkActionId }) => bulkActionId)).toEqual(newest.map(({ id }) => id));
    await service.database.query("TRUNCATE bulk.bulk_actions, bulk.record_runs, bulk.record_blocks CASCADE");
  }
});

test("a search says that it is partial while more is not indexed than it may read, and reads the newest", async () => {
  await insertMany(6_000, "oldest");
  await service.database.query("UPDATE bulk.bulk_actions SET created_at = created_at - interval '1 day'");
  const newest = await insertAction(["newest"], { type: "text" });
  // A search that a slow machine does not end in a second is partial too.
  await eventually(async () =>
    expect(await search("newest")).toMatchObject({ hits: [{ bulkActionId: newest }], isPartial: true }),
  );
  expect(await search("nowhere")).toMatchObject({ hits: [], isPartial: true });
  await indexAll(2_000);
  await eventually(async () =>
    expect(await search("newest")).toMatchObject({ hits: [{ bulkActionId: newest }], isPartial: false }),
  );
  await eventually(async () => expect(await search("nowhere")).toMatchObject({ hits: [], isPartial: false }));
});

test("workers that index at the same time add no place twice", async () => {
  const chunks = 40;
  const ids = randomIds(2 * chunks);
  await insertAction(ids, { chunkSize: 2 });
  const others = [1, 2, 3].map(() => openServiceDatabase(service.database.url));
  async function index(one: Database): Promise<void> {
    await eventually(async () => {
      await indexRecords(one, ONE_CHUNK);
      expect(await listPlaces()).toHaveLength(chunks);
    });
  }
  await Promise.all(others.map((other) => index(other.database)));
  await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
  const places = await listPlaces();
  expect(new Set(places.map(({ position }) => position)).size).toBe(chunks);
  for (const [position, id] of ids.entries()) expect(await find(id)).toMatchObject([{ position }]);
});

test("indexing waits for nobody: a bulk action whose row is locked is found, and is marked later", async () => {
  const [locked, free] = [randomUUID(), randomUUID()];
  const action = await insertAction([locked]);
  await insertAction([free]);
  {
    await using _lock = await lockRows(service.database, "bulk.bulk_actions", [action]);
    expect(await indexRecords(database, { actions: 2, records: 2 })).toBe(2);
    expect(await listUnmarked()).toEqual([action]);
    for (const id of [locked, free]) expect(await find(id)).toHaveLength(1);
  }
  await indexAll();
  expect(await listUnmarked()).toEqual([]);
  for (const id of [locked, free]) expect(await find(id)).toHaveLength(1);
});

test("too few ids for a run are left to the search, which reads them", async () => {
  await insertAction(randomIds(9));
  expect(await indexRecords(database, { actions: 2, records: 10 })).toBe(0);
  await insertAction(randomIds(1));
  expect(await indexRecords(database, { actions: 2, records: 10 })).toBe(10);
});

test("a pruned bulk action is not found, and its runs go when all of their bulk actions are pruned", async () => {
  const shared = randomUUID();
  const [one, other] = [await insertAction([shared]), await insertAction([shared])];
  expect(await indexRecords(database, { actions: 2, records: 2 })).toBe(2);
  const third = await insertAction([shared]);
  await indexAll();
  await service.database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [one]);
  expect((await find(shared)).map(({ bulkActionId }) => bulkActionId)).toEqual([third, other]);
  expect(await dropRecordRuns(database)).toBe(0);
  await service.database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [other]);
  expect((await find(shared)).map(({ bulkActionId }) => bulkActionId)).toEqual([third]);
  expect(await dropRecordRuns(database)).toBe(1);
  expect(await listPlaces()).toMatchObject([{ id: third }]);
  await service.database.query("DELETE FROM bulk.bulk_actions WHERE id = $1", [third]);
  expect(await dropRecordRuns(database)).toBe(1);
  expect(await service.database.query("SELECT FROM bulk.record_blocks")).toEqual([]);
  expect(await search(shared)).toEqual({ hits: [], hasMore: false, isPartial: false });
});

test("a worker indexes what is new as soon as there is enough, deletes what was pruned, and does neither with RECORD_SEARCH=off", async () => {
  await insertMany(3_000, "many");
  await indexAll(3_000);
  await service.database.query("DELETE FROM bulk.bulk_actions");
  await insertMany(3_000, "many");
  const pruned = await insertAction(["old"], { type: "text", status: "succeeded" });
  await service.database.query(
    "UPDATE bulk.bulk_actions SET finished_at = now() - interval '2 days', started_at = now() WHERE id = $1",
    [pruned],
  );
  const before = await listPlaces();
  const environment = { SWEEP_INTERVAL_MS: "100", RETENTION_DAYS: "1" };
  const off = await service.startWorker({ ...environment, RECORD_SEARCH: "off" });
  // It sweeps.
  await eventually(async () =>
    expect(await service.database.query("SELECT FROM bulk.bulk_actions WHERE id = $1", [pruned])).toEqual([]),
  );
  await off.stop();
  expect(await listPlaces()).toEqual(before);
  const on = await service.startWorker(environment);
  await eventually(async () => expect((await listUnmarked()).length).toBeLessThan(2_500));
  await eventually(async () => {
    const gone = new Set(before.map(({ id }) => id));
    expect((await listPlaces()).filter(({ id }) => gone.has(id))).toEqual([]);
  });
  await on.stop();
  await eventually(async () =>
    expect(await search("many")).toMatchObject({ hasMore: true, isPartial: false }),
  );
});

async function search(text: string, limit = 100) {
  return await findRecord(database, text, limit);
}

async function find(text: string): Promise<readonly RecordHit[]> {
  return (await search(text)).hits;
}

async function indexAll(actions = 1): Promise<void> {
  while ((await indexRecords(database, { actions, records: 100_000 })) > 0);
}

type Inserted = {
  readonly account?: string;
  readonly type?: "uuid" | "text";
  readonly status?: string;
  readonly chunkSize?: number;
};

/** No queue knows of it, and no worker would find the records. */
async function insertAction(
  ids: readonly string[],
  { account = "test", type = "uuid", status = "processing", chunkSize = 1_000 }: Inserted = {},
): Promise<string> {
  const [row] = await service.database.query<{ id: string }>(
    `WITH known AS (INSERT INTO bulk.accounts (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING id)
     INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count, created_at, finished_at)
     SELECT id, 'delete_products', $2, $3,
            GREATEST(clock_timestamp(), (SELECT max(created_at) FROM bulk.bulk_actions) + interval '1 millisecond'), CASE WHEN $2 <> 'processing' THEN now() END FROM known
     RETURNING id`,
    [account, status, ids.length],
  );
  for (let position = 0; position < ids.length; position += chunkSize) {
    const slice = ids.slice(position, position + chunkSize);
    await service.database.query(
      `INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, text_ids, record_count, finished_at)
       VALUES ($1, $2, $3, $4, $5, now())`,
      [row?.id, position, type === "uuid" ? slice : null, type === "text" ? slice : null, slice.length],
    );
  }
  return row?.id ?? "";
}

/** Ended ones of one record, a second apart. */
async function insertMany(count: number, textId: string): Promise<void> {
  await service.database.query(
    `WITH known AS (INSERT INTO bulk.accounts (name) VALUES ('many') ON CONFLICT (name) DO UPDATE SET name = 'many' RETURNING id),
     created AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count, created_at, finished_at)
       SELECT id, 'delete_products', 'succeeded', 1, date_trunc('second', now()) - n * interval '1 second', now()
       FROM known, generate_series(1, $1::int) AS n RETURNING id)
     INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, text_ids, record_count, done_count, deleted_count, finished_at)
     SELECT id, 0, ARRAY[$2::text], 1, 1, 1, now() FROM created`,
    [count, textId],
  );
  await service.database.query("ANALYZE bulk.bulk_actions, bulk.bulk_action_chunks");
}

function listPlaces(): Promise<readonly { readonly id: string; readonly position: number }[]> {
  return service.database.query(
    "SELECT place.id, place.position FROM bulk.record_runs, unnest(bulk_action_ids, positions) AS place (id, position) ORDER BY 1, 2",
  );
}

async function listUnmarked(): Promise<readonly string[]> {
  const rows = await service.database.query<{ id: string }>(
    "SELECT id FROM bulk.bulk_actions WHERE NOT is_searchable ORDER BY id",
  );
  return rows.map(({ id }) => id);
}

function hashOf(id: string): number {
  return createHash("md5").update(id).digest().readInt32BE(0);
}
