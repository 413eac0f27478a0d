import { randomUUID } from "node:crypto";
import type { Database } from "@bulk/store/database";
import { findRecord } from "@bulk/store/search/find-record";
import { indexRecords } from "@bulk/store/search/index-records";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openServiceDatabase } from "../support/service-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

test.each([
  ["a search", (store: Database) => findRecord(store, randomUUID(), 10)],
  ["a look for something to index", (store: Database) => indexRecords(store)],
])(
  "%s reads the index of what is not indexed yet, also after that was everything, and not all bulk actions",
  async (_, act) => {
    const database = await createTestDatabase();
    onTestFinished(() => database.dispose());
    await insertIndexed(database, 20_000);
    const store = openServiceDatabase(database.url);
    await act(store.database);
    // A session tells what it counted when it ends.
    await store[Symbol.asyncDispose]();
    await eventually(async () => expect(await countScans(database)).toBeGreaterThan(0));
  },
);

// The index of those that are not keeps its pages, which may cost more than those of the table.
async function insertIndexed(database: TestDatabase, count: number): Promise<void> {
  await database.query(`
    INSERT INTO bulk.accounts (name) VALUES ('many');
    INSERT INTO bulk.bulk_actions (account_id, action_type, status, record_count, created_at, finished_at)
    SELECT id, 'delete_products', 'succeeded', 1, now() - n * interval '1 second', now()
    FROM bulk.accounts, generate_series(1, ${count}) AS n;
    UPDATE bulk.bulk_actions SET is_searchable = true WHERE created_at < now() - interval '5 seconds'`);
  await database.query("VACUUM ANALYZE bulk.bulk_actions");
  await database.query(`ALTER DATABASE ${database.name} SET random_page_cost = 20`);
}

async function countScans(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ scans: string }>(
    "SELECT idx_scan AS scans FROM pg_stat_user_indexes WHERE indexrelname = 'bulk_actions_not_searchable'",
  );
  return Number(row?.scans);
}
