import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/test-database.ts";
import { checkRestores, checkRun } from "../checker.ts";
import { ownHost } from "../hosts/own-host.ts";
import { SHOP_SESSIONS } from "../ledger.ts";
import type { AcceptedAction, RecordedRun } from "../recorded-run.ts";
import { installWatch } from "../watch.ts";
import { obstruct } from "./obstruct.ts";

/*
 * A run written by hand as an honest service would have left it. It has deleted three products and a customer with an order,
 * while another order of this customer came too late to be kept. Then the shop took the SKU of a product, and all but that one
 * came back. Each test plants one lie.
 */

let database: TestDatabase;
let client: pg.Client;
let run: RecordedRun;
let victim: string;

const account = randomUUID();
const otherAccount = randomUUID();
const products = [randomUUID(), randomUUID(), randomUUID()];
const customer = randomUUID();
const lateOrder = randomUUID();

beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await stockShop();
  await installWatch(client, ownHost);
  await actAsShop(`
    INSERT INTO orders (id, account_id, customer_id) VALUES ('${lateOrder}', '${account}', '${customer}');
    INSERT INTO chaos.commits SELECT pg_current_xact_id(), 'infinity'`);
  const deletions = [
    await act("delete_products", products, `DELETE FROM products`),
    await act("delete_customers", [customer], `DELETE FROM customers`),
  ];
  run = record(deletions, []);
  expect(await checkRun(client, run, ownHost)).toEqual([]);
  await client.query(`SET application_name = '${SHOP_SESSIONS}'`);
  await obstruct(client, ownHost);
  await client.query("RESET application_name");
  run = record(deletions, await restoreAll(deletions));
});

afterEach(async () => {
  await client.end();
  await database.dispose();
});

test("an honest run has no violations", async () => {
  expect(await checkRestores(client, run, ownHost)).toEqual([]);
});

describe("a lie in the database is told in a sentence:", () => {
  test.each([
    ["a row came back changed", `UPDATE products SET updated_at = now()`, /is not as the shop wrote it/],
    [
      "an order has lost its customer",
      `UPDATE orders SET customer_id = NULL`,
      /of public.orders is not as the shop wrote it/,
    ],
    [
      "an order that came in time was not kept",
      `UPDATE chaos.commits SET at = '-infinity'`,
      new RegExp(`The row ${lateOrder} of public.orders is not as the shop wrote it`),
    ],
    ["a row is gone", `DELETE FROM orders`, /of public.orders is gone/],
    [
      "a record that came back is gone",
      `DELETE FROM customers`,
      new RegExp(`The row ${customer} of public.customers is gone, and its record ${customer} is not`),
    ],
    [
      "a row came out of nowhere",
      `INSERT INTO orders (id, account_id) VALUES (gen_random_uuid(), '${account}')`,
      /of public.orders is there, and the shop has never written it/,
    ],
    [
      "a record came back in another account",
      `UPDATE chaos.restorations SET account_id = '${otherAccount}'`,
      new RegExp(`was of account ${account} and came back to account ${otherAccount}`),
    ],
    [
      "a restore is of another account",
      `UPDATE bulk.bulk_actions SET account_id = '${otherAccount}' WHERE restore_of_id IS NOT NULL`,
      new RegExp(`of account ${otherAccount}\\) restores .* of account ${account}\\)`),
    ],
    [
      "the outcome is written down in another transaction",
      `UPDATE chaos.restorations SET xid = '3'`,
      /that it restored .*; transaction 3 did/,
    ],
    [
      "a record comes back that nobody claims",
      `UPDATE chaos.restorations SET record_id = '${randomUUID()}' WHERE record_id = '${customer}'`,
      /came back \(transaction .*\) and is claimed by no restore/,
    ],
    [
      "what is claimed never came back",
      `DELETE FROM chaos.restorations`,
      new RegExp(`claims to have restored ${customer}, but nobody did`),
    ],
    [
      "a record came back twice",
      `INSERT INTO chaos.restorations SELECT * FROM chaos.restorations WHERE record_id = '${customer}'`,
      new RegExp(`Record ${customer} came back 2 times`),
    ],
    [
      "a reason is not true",
      `UPDATE bulk.bulk_action_chunks SET skipped_codes = '{record.exists}' WHERE skipped_count > 0`,
      /as record.exists; record.unique_taken:sku_of_account stands in its way/,
    ],
    [
      "something is skipped that nothing stands in the way of",
      `DELETE FROM chaos.obstacles`,
      /as record.unique_taken:sku_of_account; nothing stands in its way/,
    ],
    [
      "something came back although its place was taken",
      `INSERT INTO chaos.obstacles VALUES ('delete_customers', '${customer}', '${account}', 'record.exists')`,
      new RegExp(`restored ${customer}, although record.exists stands in its way`),
    ],
    [
      "a record is left out",
      `UPDATE bulk.bulk_action_chunks SET record_ids = '{}', record_count = 0, done_count = 0, deleted_count = 0
         WHERE record_ids = '{${customer}}' AND source_position IS NOT NULL`,
      new RegExp(`Record ${customer} of account .* is still gone`),
    ],
    [
      "a restore has other ids than it should",
      `UPDATE bulk.bulk_action_chunks SET record_ids = record_ids[2:] || record_ids[1]
         WHERE source_position IS NOT NULL`,
      /asked for and to be restored were 3 others/,
    ],
    [
      "a restore has an id that was not deleted",
      `UPDATE bulk.bulk_action_chunks SET record_ids = ARRAY['${lateOrder}'::uuid]
         WHERE record_ids = '{${customer}}' AND source_position IS NOT NULL`,
      new RegExp(`restores ${lateOrder}, which .* has not deleted`),
    ],
  ])("%s", async (_name, lie, sentence) => {
    await client.query(lie);
    expect(await checkRestores(client, run, ownHost)).toContainEqual(expect.stringMatching(sentence));
  });
});

test("a restore that nobody asked for is told", async () => {
  const found = await checkRestores(client, { ...run, restores: [] }, ownHost);
  expect(found).toContainEqual(expect.stringMatching(/restores .*, but nobody sent such a request/));
});

test("a restore of something else than was asked for is told", async () => {
  const [first, second] = run.restores;
  const swapped = run.restores.map((restore) => ({
    ...restore,
    parentId: (restore === first ? second : first)?.parentId ?? "",
  }));
  const found = await checkRestores(client, { ...run, restores: swapped }, ownHost);
  expect(found).toContainEqual(expect.stringMatching(/The restore of .* was answered with bulk action/));
});

async function stockShop(): Promise<void> {
  await client.query(`
    INSERT INTO bulk.accounts (id, name) VALUES ('${account}', 'own'), ('${otherAccount}', 'other');
    INSERT INTO products (id, account_id, name, sku, price_amount)
      SELECT id, '${account}', 'Product', id, 1 FROM unnest('{${products.join()}}'::uuid[]) AS id;
    INSERT INTO customers (id, account_id, name, email) VALUES ('${customer}', '${account}', 'One', 'one@example.com');
    INSERT INTO orders (id, account_id, customer_id) VALUES (gen_random_uuid(), '${account}', '${customer}');
    CREATE TABLE kept_products AS SELECT * FROM products;
    CREATE TABLE kept_customers AS SELECT * FROM customers;
    CREATE TABLE kept_orders AS SELECT * FROM orders`);
}

async function actAsShop(statements: string): Promise<void> {
  await client.query(`BEGIN; SET LOCAL application_name = '${SHOP_SESSIONS}'; ${statements}; COMMIT`);
}

type Acted = AcceptedAction & { readonly status: string; readonly skippedIds: readonly string[] };

/** A bulk action in whose only transaction a change is made. */
async function act(
  actionType: string,
  recordIds: readonly string[],
  change: string,
  {
    parent,
    skipped,
  }: { readonly parent?: string; readonly skipped?: readonly [id: string, code: string] } = {},
): Promise<Acted> {
  const id = randomUUID();
  const count = recordIds.length;
  const skippedIds = skipped === undefined ? [] : [skipped[0]];
  const status = skipped === undefined ? "succeeded" : "completed";
  await client.query(
    `INSERT INTO bulk.bulk_actions (id, account_id, action_type, record_count, restore_of_id) VALUES ($1, $2, $3, $4, $5)`,
    [id, account, actionType, count, parent],
  );
  await client.query(
    `INSERT INTO bulk.bulk_action_chunks (bulk_action_id, position, record_ids, record_count, source_position)
     VALUES ($1, 0, $2, $3, $4)`,
    [id, recordIds, count, parent === undefined ? null : 0],
  );
  await client.query(`${change};
    UPDATE bulk.bulk_action_chunks SET done_count = ${count}, deleted_count = ${count - skippedIds.length},
      skipped_count = ${skippedIds.length}, skipped_ids = '{${skippedIds.join()}}',
      skipped_codes = '{${skipped?.[1] ?? ""}}', finished_at = clock_timestamp() WHERE bulk_action_id = '${id}'`);
  await client.query(
    "UPDATE bulk.bulk_actions SET status = $2, finished_at = clock_timestamp() WHERE id = $1",
    [...[id, status]],
  );
  return { id, accountId: account, actionType, recordIds, status, skippedIds };
}

async function restoreAll([ofProducts, ofCustomers]: readonly Acted[]): Promise<readonly Acted[]> {
  const { rows } = await client.query<{ id: string }>("SELECT record_id AS id FROM chaos.obstacles");
  victim = rows[0]?.id ?? "";
  return [
    await act(
      "restore_products",
      products,
      `INSERT INTO products SELECT * FROM kept_products WHERE id <> '${victim}'`,
      {
        ...{ parent: ofProducts?.id ?? "", skipped: [victim, "record.unique_taken:sku_of_account"] },
      },
    ),
    await act(
      "restore_customers",
      [customer],
      `INSERT INTO customers SELECT * FROM kept_customers;
       UPDATE orders SET customer_id = kept_orders.customer_id FROM kept_orders WHERE kept_orders.id = orders.id`,
      { parent: ofCustomers?.id ?? "" },
    ),
  ];
}

function record(deletions: readonly Acted[], restores: readonly Acted[]): RecordedRun {
  const all = [...deletions, ...restores];
  return {
    ...{ accepted: all, unanswered: [], cancels: [], observations: [], tallies: [] },
    restores: restores.map(({ id, accountId }, index) => ({
      ...{ id, accountId, parentId: deletions[index]?.id ?? "", recordIds: undefined },
    })),
    finalAnswers: all.map(({ id, actionType, status, recordIds, skippedIds }) => ({
      ...{ id, actionType, status, recordIds, skippedIds },
    })),
  };
}
