import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { checkRun } from "./checker.ts";
import { ownHost } from "./hosts/own-host.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { installWatch } from "./watch.ts";

/*
 * A run of one bulk action over five products, written by hand as an honest service would have left it:
 * two deleted, one in use, one of another account, one unknown. Each test then plants one lie.
 */

let database: TestDatabase;
let client: pg.Client;
let run: RecordedRun;

const account = randomUUID();
const otherAccount = randomUUID();
const [first, second, used, foreign, unknown, untouched] = [
  ...[randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID(), randomUUID()],
] as const;
const action = randomUUID();
const submitted = [first, second, used, foreign, unknown];

beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await stockShops();
  await installWatch(client, ownHost);
  await runAction();
  run = {
    accepted: [
      { id: action, accountId: account, actionType: "delete_products", recordIds: [...submitted, first] },
    ],
    unanswered: [],
    restores: [],
    cancels: [],
    observations: [
      { id: action, status: "processing", skippedCount: 0 },
      { id: action, status: "completed", skippedCount: 3 },
    ],
    tallies: [{ bulkActionId: action, position: 0, done: 5, deleted: 2, skipped: 3, failed: 0 }],
    finalAnswers: [
      {
        ...{ id: action, actionType: "delete_products", status: "completed" },
        ...{ recordIds: submitted, skippedIds: [used, foreign, unknown] },
      },
    ],
  };
});

afterEach(async () => {
  await client.end();
  await database.dispose();
});

test("an honest run has no violations", async () => {
  expect(await checkRun(client, run, ownHost)).toEqual([]);
});

describe("a lie in the database is told in a sentence:", () => {
  test.each([
    ["an action is lost", `DELETE FROM bulk.bulk_actions`, /answered with 200 but is not in the database/],
    ["an action is still open", `UPDATE bulk.bulk_actions SET status = 'processing'`, /is still processing/],
    [
      "a status is not what the outcomes say",
      `UPDATE bulk.bulk_actions SET status = 'invalid'`,
      /it is completed/,
    ],
    [
      "a bulk action that spared a record succeeded",
      `UPDATE bulk.bulk_actions SET status = 'succeeded'`,
      new RegExp(`ended succeeded, but ${used} is still in the shop`),
    ],
    [
      "ids are kept in another order",
      `UPDATE bulk.bulk_action_chunks SET record_ids = record_ids[2:] || record_ids[1]`,
      /not the 5 ids submitted/,
    ],
    ["an id has no outcome", `UPDATE bulk.bulk_action_chunks SET done_count = 4`, /has no outcome/],
    [
      "an id has two outcomes",
      `UPDATE bulk.bulk_action_chunks SET failed_ids = ARRAY['${used}'::uuid], failed_codes = '{record.locked}'`,
      new RegExp(`Id ${used} of .* is skipped or failed 2 times`),
    ],
    [
      "a skipped id is not among the submitted",
      `UPDATE bulk.bulk_action_chunks SET skipped_ids = skipped_ids[:2] || '${untouched}'::text`,
      /not one of its done ids/,
    ],
    ["a count is wrong", `UPDATE bulk.bulk_action_chunks SET deleted_count = 3`, /counts 5 done, 3 deleted/],
    [
      "a reason is unknown",
      `UPDATE bulk.bulk_action_chunks SET skipped_codes[1] = 'record.odd'`,
      /unknown reason record.odd/,
    ],
    [
      "a record in the shop is called not found",
      `UPDATE bulk.bulk_action_chunks SET skipped_codes[1] = 'record.not_found'`,
      /still in the shop of its account/,
    ],
    [
      "a foreign record is called in use",
      `UPDATE bulk.bulk_action_chunks SET skipped_codes[2] = 'record.in_use'`,
      new RegExp(`skipped ${foreign} as in use`),
    ],
    [
      "an unknown id is called kept",
      `UPDATE bulk.bulk_action_chunks SET skipped_codes[3] = 'record.kept'`,
      new RegExp(`skipped ${unknown} as kept, but it is not in the shop`),
    ],
    [
      "a record that was deleted before is called kept",
      `UPDATE bulk.bulk_action_chunks SET skipped_ids[3] = '${first}', skipped_codes[3] = 'record.kept';
       UPDATE chaos.chunk_writes SET begun_at = clock_timestamp()`,
      new RegExp(`skipped ${first} as kept at .*, after it was deleted`),
    ],
    [
      "its own deletion is called not found",
      `UPDATE bulk.bulk_action_chunks SET skipped_ids = '{${first}}' || skipped_ids, deleted_count = 1,
         skipped_codes = '{record.not_found}' || skipped_codes, skipped_count = 4`,
      new RegExp(`Record ${first} .* is claimed by no bulk action`),
    ],
    [
      "a record is deleted that nobody asked for",
      `DELETE FROM products WHERE id = '${untouched}'`,
      new RegExp(`Record ${untouched} .* is claimed by no bulk action`),
    ],
    [
      "a record is deleted behind the diary's back",
      `SET session_replication_role = replica; DELETE FROM products WHERE id = '${untouched}';
       SET session_replication_role = origin`,
      new RegExp(`Record ${untouched} .* is gone, and no deletion was seen`),
    ],
    [
      "rows are kept in another transaction",
      `INSERT INTO bulk.kept_rows SELECT 0, id, 0, 'record', '{}', '{}' FROM bulk.bulk_actions`,
      /kept rows of its chunk 0 \(record\) in transaction .*, in which it wrote no outcome down/,
    ],
    [
      "what is claimed deleted is still there",
      `UPDATE bulk.bulk_action_chunks SET skipped_ids = skipped_ids[2:], skipped_codes = skipped_codes[2:],
         deleted_count = 3, skipped_count = 2`,
      new RegExp(`claims to have deleted ${used}, which is still in the shop`),
    ],
    [
      "a product in use is deleted",
      `SET session_replication_role = replica; DELETE FROM products WHERE id = '${used}';
       SET session_replication_role = origin;
       INSERT INTO chaos.deletions VALUES
         ('delete_products', '${used}', '${account}', pg_current_xact_id(), clock_timestamp())`,
      new RegExp(`Product ${used} was deleted although order line`),
    ],
    [
      "two actions claim one deletion",
      `WITH other AS (
         INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count)
         VALUES ('${account}', 'delete_products', 'succeeded', 1) RETURNING id)
       INSERT INTO bulk.bulk_action_chunks
         (bulk_action_id, position, record_ids, record_count, done_count, deleted_count)
       SELECT id, 0, '{${first}}', 1, 1, 1 FROM other`,
      new RegExp(`Record ${first} is claimed as deleted by 2 bulk actions`),
    ],
    [
      "a deletion is written down in another transaction",
      `UPDATE chaos.deletions SET xid = '3' WHERE record_id = '${second}'`,
      new RegExp(`that it deleted ${second}; transaction 3 did`),
    ],
    [
      "a deletion touches another account",
      `UPDATE chaos.deletions SET account_id = '${otherAccount}' WHERE record_id = '${second}'`,
      new RegExp(`deleted ${second}, which delete_products of account ${otherAccount} does`),
    ],
    [
      "a chunk is worked on twice",
      `UPDATE bulk.bulk_action_chunks SET done_count = 0; UPDATE bulk.bulk_action_chunks SET done_count = 5`,
      /got its outcome in 2 writes/,
    ],
    [
      "an action ends twice",
      `UPDATE bulk.bulk_actions SET status = 'invalid'`,
      /went from completed to invalid/,
    ],
    [
      "an action is worked on after its end",
      `UPDATE bulk.bulk_action_chunks SET done_count = done_count`,
      /was worked on at .*, after the bulk action had ended/,
    ],
    [
      "an id is left out by a cancel nobody asked for",
      `UPDATE bulk.bulk_actions SET cancel_requested_at = now(); UPDATE bulk.bulk_action_chunks SET done_count = 4`,
      /is canceled, but nobody asked/,
    ],
    [
      "an id that is left out does not count for the status",
      `UPDATE bulk.bulk_actions SET cancel_requested_at = now(), status = 'succeeded';
       UPDATE bulk.bulk_action_chunks SET done_count = 4, skipped_count = 2, skipped_ids = skipped_ids[:2],
         skipped_codes = skipped_codes[:2]`,
      /1 not attempted it is completed/,
    ],
    ["an order disappears", `DELETE FROM line_items; DELETE FROM orders`, /^Order .* is gone/],
  ])("%s", async (_name, lie, sentence) => {
    await client.query(lie);
    expect(await checkRun(client, run, ownHost)).toContainEqual(expect.stringMatching(sentence));
  });
});

describe("a lie in what was seen is told in a sentence:", () => {
  test.each<readonly [string, (honest: RecordedRun) => Partial<RecordedRun>, RegExp]>([
    ["an action is missing in the list", () => ({ finalAnswers: [] }), /is not in the list/],
    [
      "the list leaves a skipped id out",
      ({ finalAnswers }) => ({
        finalAnswers: finalAnswers.map((answer) => ({ ...answer, skippedIds: [used] })),
      }),
      /skipped_record_ids that the list shows/,
    ],
    ["nobody sent the request", () => ({ accepted: [] }), /nobody sent such a request/],
    [
      "a cancel is answered and not done",
      () => ({ cancels: [{ id: action, answeredAt: "infinity" }] }),
      /answered with 200, but it is not canceled/,
    ],
    [
      "a chunk is begun after the cancel",
      () => ({ cancels: [{ id: action, answeredAt: "2000-01-01" }] }),
      /was begun at .*, after its cancel was answered/,
    ],
    [
      "a status goes back",
      ({ observations }) => ({ observations: observations.toReversed() }),
      /was seen as completed and later as processing/,
    ],
    [
      "more is skipped after the end",
      ({ observations }) => ({
        observations: observations.map((seen) => ({ ...seen, status: "completed" })),
      }),
      /changed after its end/,
    ],
    [
      "a count goes down",
      ({ tallies }) => ({ tallies: [...tallies, ...tallies.map((seen) => ({ ...seen, deleted: 1 }))] }),
      /had 2 deleted ids and later 1/,
    ],
  ])("%s", async (_name, lie, sentence) => {
    expect(await checkRun(client, { ...run, ...lie(run) }, ownHost)).toContainEqual(
      expect.stringMatching(sentence),
    );
  });
});

async function stockShops(): Promise<void> {
  const order = randomUUID();
  await client.query(`
    INSERT INTO bulk.accounts (id, name) VALUES ('${account}', 'own'), ('${otherAccount}', 'other');
    INSERT INTO products (id, account_id, name, sku, price_amount)
      SELECT id, '${account}', 'Product', id, 1
      FROM unnest('{${first},${second},${used},${untouched}}'::uuid[]) AS id;
    INSERT INTO products (id, account_id, name, sku, price_amount)
      VALUES ('${foreign}', '${otherAccount}', 'Product', 'SKU', 1);
    INSERT INTO orders (id, account_id) VALUES ('${order}', '${account}');
    INSERT INTO line_items (order_id, product_id) VALUES ('${order}', '${used}')`);
}

async function runAction(): Promise<void> {
  await client.query(`
    INSERT INTO bulk.bulk_actions (id, account_id, action_type, record_count)
      VALUES ('${action}', '${account}', 'delete_products', 5);
    INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count)
      VALUES ('${action}', 0, '{${submitted.join(",")}}', 5)`);
  await client.query(`
    DELETE FROM products WHERE id IN ('${first}', '${second}');
    UPDATE bulk.bulk_action_chunks SET done_count = 5, deleted_count = 2, skipped_count = 3,
      skipped_ids = '{${used},${foreign},${unknown}}',
      skipped_codes = '{record.in_use,record.not_found,record.not_found}', finished_at = clock_timestamp()`);
  await client.query("UPDATE bulk.bulk_actions SET status = 'completed', finished_at = clock_timestamp()");
}
