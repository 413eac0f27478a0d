import {
  type AllBulkActions,
  type AllQuery,
  listAllBulkActions,
} from "@bulk/store/bulk-actions/reading/all-bulk-actions";
import { readSpeed } from "@bulk/store/bulk-actions/reading/speed-of-action";
import { countOpen } from "@bulk/store/operations/open-work";
import { pause } from "@bulk/store/operations/pauses";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** As many as one page looks at, and more. */
const OLD = 45_000;
/** The most that a page looks at. */
const LOOKED_AT = 20_000;
/** The same if it reads their chunks. */
const READ = 2_000;

let database: TestDatabase;
let store: ReturnType<typeof openServiceDatabase>;
let all: (query?: Partial<AllQuery>) => Promise<AllBulkActions>;
let accounts: readonly { readonly id: string; readonly name: string }[];

beforeAll(async () => {
  database = await createTestDatabase("own");
  store = openServiceDatabase(database.url);
  accounts = await database.query(
    "INSERT INTO bulk.accounts (name) SELECT 'shop ' || n FROM generate_series(0, 2) AS n RETURNING id, name",
  );
  // One a second from noon on, of the accounts in turn. One in 9,000 is invalid, the others have succeeded.
  await database.query(
    `INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count, created_at, started_at, finished_at)
     SELECT ($1::uuid[])[n % 3 + 1], CASE WHEN n % 2 = 0 THEN 'delete_products' ELSE 'delete_customers' END,
            CASE WHEN n % 9000 = 7 THEN 'invalid' ELSE 'succeeded' END, 1, to_timestamp($2::float8 + n), now(), now()
     FROM generate_series(0, $3 - 1) AS n`,
    [accounts.map(({ id }) => id), NOON, OLD],
  );
  await database.query(
    `INSERT INTO bulk.bulk_action_chunks
       (bulk_action_id, position, record_ids, record_count, done_count, skipped_count, deleted_count, finished_at)
     SELECT id, 0, ARRAY[gen_random_uuid()], 1, 1, (status = 'invalid')::int, (status = 'succeeded')::int, now()
     FROM bulk.bulk_actions`,
  );
  await database.query("ANALYZE");
  all = (query = {}) => listAllBulkActions(store.database, { ...EVERYTHING, ...query });
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await database.dispose();
});

/** Seconds. */
const NOON = 1_700_000_000;

const EVERYTHING: AllQuery = {
  ...{
    ids: undefined,
    accountId: undefined,
    statuses: undefined,
    actionType: undefined,
    isPaused: undefined,
  },
  ...{ createdFrom: undefined, createdBefore: undefined, outcomes: undefined },
  ...{ after: undefined, before: undefined, limit: 25 },
};

describe("the list of all bulk actions", () => {
  test("pages are stable in both directions while bulk actions are created", async () => {
    const first = await all();
    expect(first).toMatchObject({ previous: undefined, lookedUntil: undefined });
    expect(first.rows.map(secondOf)).toEqual(countDown(OLD - 1, 25));
    const created = await insertNew(30);
    const second = await all({ after: first.next });
    expect(second.rows.map(secondOf)).toEqual(countDown(OLD - 26, 25));
    const third = await all({ after: second.next });
    expect(third.rows.map(secondOf)).toEqual(countDown(OLD - 51, 25));
    expect(await all({ before: third.previous })).toEqual(second);
    const firstAgain = await all({ before: second.previous });
    expect(firstAgain.rows).toEqual(first.rows);
    const newer = await all({ before: firstAgain.previous });
    expect(newer.rows.map(({ id }) => id)).toEqual(created.slice(0, 25).toReversed());
    // Five are left: a page that is not full is the first page.
    expect(await all({ before: newer.previous })).toEqual(await all());
    await remove(created);
  });

  test("a walk to the end shows each one once and then ends", async () => {
    const actionType = "delete_products";
    const createdBefore = new Date((NOON + 300) * 1_000);
    const pages = await walk({ actionType, createdBefore });
    expect(pages.flatMap(({ rows }) => rows.map(secondOf))).toEqual(countDown(149, 150).map((n) => 2 * n));
    expect(pages).toHaveLength(6);
    expect(pages.at(-1)).toMatchObject({ next: undefined, lookedUntil: undefined });
  });

  test("a row has the name of its own account, whatever the account of the others", async () => {
    for (const accountId of [undefined, ...accounts.map(({ id }) => id)]) {
      const { rows } = await all({ accountId });
      expect(rows).toHaveLength(25);
      for (const row of rows) {
        expect(accounts).toContainEqual({ id: row.accountId, name: row.accountName });
        expect(row.accountId).toBe(accounts[secondOf(row) % 3]?.id);
        if (accountId !== undefined) expect(row.accountId).toBe(accountId);
      }
    }
  });

  test("a page of rare matches looks at a limited number and goes on from there, in both directions", async () => {
    const invalid = [36_007, 27_007, 18_007, 9_007, 7];
    const first = await all({ statuses: ["invalid"] });
    expect(first.rows.map(secondOf)).toEqual([36_007, 27_007]);
    expect(first.lookedUntil).toEqual(momentOf(OLD - LOOKED_AT));
    const second = await all({ statuses: ["invalid"], after: first.next });
    expect(second.rows.map(secondOf)).toEqual([18_007, 9_007]);
    expect(second.lookedUntil).toEqual(momentOf(OLD - 2 * LOOKED_AT));
    const third = await all({ statuses: ["invalid"], after: second.next });
    expect(third).toMatchObject({ next: undefined, lookedUntil: undefined });
    expect(third.rows.map(secondOf)).toEqual([7]);

    const newer = await all({ statuses: ["invalid"], before: third.previous });
    expect(newer.rows.map(secondOf)).toEqual([18_007, 9_007]);
    expect(newer.lookedUntil).toEqual(momentOf(OLD - LOOKED_AT - 1));
    const older = await all({ statuses: ["invalid"], after: newer.next });
    expect(older.rows.map(secondOf)).toEqual([7]);
    const pages = await walk({ statuses: ["invalid"], accountId: accounts[1]?.id });
    expect(pages.flatMap(({ rows }) => rows.map(secondOf))).toEqual(
      invalid.filter((second) => second % 3 === 1),
    );
    expect(await all({ statuses: ["invalid"], createdFrom: momentOf(OLD - 30) })).toEqual({
      rows: [],
    });
  });

  test("a page of rare outcomes reads the chunks of a limited number", async () => {
    const beyond = momentOf(36_008 + READ);
    const nothing = await all({ outcomes: ["skipped"], createdBefore: beyond });
    expect(nothing).toMatchObject({ rows: [], lookedUntil: momentOf(36_008) });
    const found = await all({ outcomes: ["skipped"], createdBefore: beyond, after: nothing.next });
    expect(found.rows.map(secondOf)).toEqual([36_007]);
    expect(found.rows).toMatchObject([{ skipped: 1, applied: 0 }]);
    // Its own page of newer ones begins beside what was looked at.
    const back = await all({ outcomes: ["applied"], createdBefore: beyond, before: found.previous });
    expect(back.rows.map(secondOf)).toEqual(countDown(36_008 + 24, 25));
    expect(
      (await all({ outcomes: ["failed", "not_attempted"], createdFrom: momentOf(OLD - 9) })).rows,
    ).toEqual([]);
  });

  test("one of very many records is enough for a page that reads chunks", async () => {
    const [large = ""] = await insertNew(1);
    await database.query("UPDATE bulk.bulk_actions SET record_count = 30000000 WHERE id = $1", [large]);
    expect(await all({ outcomes: ["skipped"] })).toMatchObject({ rows: [], lookedUntil: momentOf(OLD) });
    await remove([large]);
  });

  test("open ones are found among very many, and those that a pause holds", async () => {
    const created = await insertNew(3);
    // The oldest of all.
    await database.query("UPDATE bulk.bulk_actions SET created_at = to_timestamp(0) WHERE id = $1", [
      created[0],
    ]);
    const open = await all({ statuses: ["pending", "processing"] });
    expect(open.rows.map(({ id }) => id)).toEqual([created[2], created[1], created[0]]);
    expect(open).toMatchObject({ next: undefined, lookedUntil: undefined });
    expect((await all({ statuses: ["processing"] })).rows).toEqual([]);

    const [held] = open.rows;
    const scope = { kind: "account", accountId: held?.accountId ?? "" } as const;
    await pause(store.database, scope, { reason: "a test", pausedBy: "test" });
    const paused = await all({ isPaused: true });
    expect(paused.rows.map(({ id, isPaused }) => ({ id, isPaused }))).toEqual([
      { id: held?.id, isPaused: true },
    ]);
    expect((await all({ isPaused: false, statuses: ["pending"] })).rows.map(({ id }) => id)).toEqual([
      created[1],
      created[0],
    ]);
    await database.query("DELETE FROM bulk.pauses");
    await remove(created);
  });

  test("an id finds its bulk action, of whatever account, unless another condition excludes it", async () => {
    const [{ id = "", accountId = "" } = {}] = (await all({ createdBefore: momentOf(3) })).rows;
    const found = await all({ ids: [id] });
    expect(found.rows.map((row) => row.id)).toEqual([id]);
    expect(found).toMatchObject({ next: undefined, previous: undefined, lookedUntil: undefined });
    expect((await all({ ids: [id], accountId })).rows).toHaveLength(1);
    expect(
      (await all({ ids: [id], accountId: accounts.find((other) => other.id !== accountId)?.id ?? "" })).rows,
    ).toEqual([]);
    expect((await all({ ids: [crypto.randomUUID()] })).rows).toEqual([]);
  });
});

describe("the speed of a bulk action", () => {
  test("counts each record once, in the bucket of the last outcome of its chunk, to the end", async () => {
    const id = await insertRun(130, [
      [0, 10],
      [2, 5],
      [2.9, 1],
      [64, 100],
      [130, 7],
    ]);
    const speed = await readSpeed(store.database, id);
    expect(speed).toMatchObject({ from: momentOf(OLD), secondsPerBucket: 3 });
    expect(speed?.records).toHaveLength(44);
    expect(nonZero(speed?.records)).toEqual({ 0: 16, 21: 100, 43: 7 });
    const coarse = await readSpeed(store.database, id, 2);
    expect(coarse).toEqual({ from: momentOf(OLD), secondsPerBucket: 66, records: [116, 7] });
  });

  test("a bulk action that took a moment has one bucket", async () => {
    const id = await insertRun(0.3, [[0.2, 4]]);
    expect(await readSpeed(store.database, id)).toMatchObject({ secondsPerBucket: 1, records: [4] });
  });

  test("one that still runs ends now, in at most as many buckets as asked for", async () => {
    const id = await insertRun(undefined, [[10, 3]]);
    const speed = await readSpeed(store.database, id);
    expect(speed?.records.length).toBeGreaterThan(30);
    expect(speed?.records.length).toBeLessThanOrEqual(60);
    expect(speed?.records[0]).toBe(3);
  });

  test("one that does not exist or has not started has none", async () => {
    const [pending = ""] = await insertNew(1);
    expect(await readSpeed(store.database, pending)).toBeUndefined();
    expect(await readSpeed(store.database, crypto.randomUUID())).toBeUndefined();
    await remove([pending]);
  });

  async function insertRun(
    seconds: number | undefined,
    chunks: readonly (readonly [second: number, count: number])[],
  ): Promise<string> {
    const [id = ""] = await insertNew(1);
    await database.query(
      `UPDATE bulk.bulk_actions SET started_at = created_at, finished_at = created_at + $2::float8 * interval '1 second'
       WHERE id = $1`,
      [id, seconds],
    );
    await database.query("DELETE FROM bulk.bulk_action_chunks WHERE bulk_action_id = $1", [id]);
    await database.query(
      `INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, text_ids, record_count, done_count, progressed_at)
       SELECT $1::uuid, ordinal, ARRAY['an id'], 1000, count, to_timestamp($2::float8 + second)
       FROM unnest($3::float8[], $4::int[]) WITH ORDINALITY AS chunk (second, count, ordinal)`,
      [id, NOON + OLD, chunks.map(([second]) => second), chunks.map(([, count]) => count)],
    );
    return id;
  }
});

async function walk(query: Partial<AllQuery>): Promise<readonly AllBulkActions[]> {
  const pages = [await all(query)];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await all({ ...query, after: next }));
  }
  return pages;
}

/** Pending ones of one record, a second apart, newer than all others; oldest first. */
async function insertNew(count: number): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>(
    `WITH created AS (
       INSERT INTO bulk.bulk_actions (account_id, action_type, record_count, created_at)
       SELECT ($1::uuid[])[n % 3 + 1], 'delete_products', 1, to_timestamp($2::float8 + n)
       FROM generate_series($3::int, $3 + $4 - 1) AS n RETURNING id, created_at)
     , chunks AS (
       INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
       SELECT id, 0, ARRAY[gen_random_uuid()], 1 FROM created)
     SELECT id FROM created ORDER BY created_at`,
    [accounts.map(({ id }) => id), NOON, OLD, count],
  );
  return rows.map(({ id }) => id);
}

async function remove(ids: readonly string[]): Promise<void> {
  await database.query("DELETE FROM bulk.bulk_actions WHERE id = ANY($1)", [ids]);
}

function secondOf({ createdAt }: { readonly createdAt: Date }): number {
  return createdAt.getTime() / 1_000 - NOON;
}

function momentOf(second: number): Date {
  return new Date((NOON + second) * 1_000);
}

function countDown(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from - index);
}

function nonZero(numbers: readonly number[] = []): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(numbers).filter(([, number]) => number > 0));
}

test("the open bulk actions of an account and a type are counted, however many others have", async () => {
  const [crowded, quiet] = accounts.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const before = await countOpen(store.database, { accountId: quiet?.id, actionType: "a_type" });
  const created = await database.query<{ id: string }>(
    `INSERT INTO bulk.bulk_actions (account_id, action_type, record_count)
     SELECT CASE WHEN n > 3 THEN $1 ELSE $2 END::uuid, 'a_type', 7 FROM generate_series(1, 10003) AS n RETURNING id`,
    [crowded?.id, quiet?.id],
  );

  expect(before).toEqual({ actionCount: 0, recordCount: 0, isMore: false });
  expect(await countOpen(store.database, { accountId: quiet?.id, actionType: "a_type" })).toEqual({
    ...{ actionCount: 3, recordCount: 21, isMore: false },
  });
  expect(await countOpen(store.database, { accountId: quiet?.id, actionType: "other" })).toMatchObject({
    ...{ actionCount: 0, recordCount: 0 },
  });
  expect(await countOpen(store.database, {})).toMatchObject({ actionCount: 10_000, isMore: true });
  await remove(created.map(({ id }) => id));
});
